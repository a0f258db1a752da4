SELECT
    m.channel, m.supplier, m.supplier_sku, o.title, m.currency, m.sale, m.cost, m.commission, m.cargo, m.payable_vat,
    m.net_cash, m.net_economic, m.desi, o.brand, o.category, o.vat_rate, m.sale_net
FROM core.margins AS m
LEFT JOIN core.offers AS o ON o.supplier = m.supplier AND o.supplier_sku = m.supplier_sku
WHERE m.net_cash < 0 AND ($channels IS NULL OR list_contains($channels::VARCHAR[], m.channel))
ORDER BY m.net_cash, m.channel, m.supplier, m.supplier_sku
LIMIT $limit;
