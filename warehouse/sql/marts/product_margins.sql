CREATE VIEW IF NOT EXISTS marts.product_margins AS
SELECT
    m.channel, p.product_id, m.currency, count(*) AS offers, count_if(m.net_cash < 0) AS losing,
    arg_max(m.supplier, (m.net_cash, m.supplier, m.supplier_sku)) AS best_supplier,
    arg_max(m.supplier_sku, (m.net_cash, m.supplier, m.supplier_sku)) AS best_supplier_sku,
    max(m.net_cash) AS best_net_cash, min(m.net_cash) AS worst_net_cash, min(m.cost) AS lowest_cost,
    min(m.sale) AS lowest_sale, max(m.sale) AS highest_sale, max(m.computed_at) AS computed_at
FROM core.margins AS m
JOIN core.product_offers AS p ON p.supplier = m.supplier AND p.supplier_sku = m.supplier_sku
GROUP BY m.channel, p.product_id, m.currency;
