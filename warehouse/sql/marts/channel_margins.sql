CREATE VIEW IF NOT EXISTS marts.channel_margins AS
SELECT
    channel, currency, count(*) AS offers, count_if(net_cash < 0) AS losing, sum(sale) AS sale, sum(sale_net) AS sale_net,
    sum(cost) AS cost, sum(commission) AS commission, sum(cargo) AS cargo, sum(payable_vat) AS payable_vat,
    sum(withholding) AS withholding, sum(net_cash) AS net_cash, sum(net_economic) AS net_economic,
    sum(expected_profit) AS expected_profit, median(net_margin) AS median_margin, max(computed_at) AS computed_at
FROM core.margins
GROUP BY channel, currency;
