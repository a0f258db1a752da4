CREATE VIEW IF NOT EXISTS marts.supplier_margins AS
SELECT
    channel, supplier, currency, count(*) AS offers, count_if(net_cash < 0) AS losing, sum(sale) AS sale,
    sum(sale_net) AS sale_net, sum(cost) AS cost, sum(net_cash) AS net_cash, sum(net_economic) AS net_economic,
    sum(expected_profit) AS expected_profit, median(net_margin) AS median_margin, max(computed_at) AS computed_at
FROM core.margins
GROUP BY channel, supplier, currency;
