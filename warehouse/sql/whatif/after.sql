-- What each line would earn, beside what it earns by `core.margins`. What one of both does not know is left out.
CREATE OR REPLACE TEMP TABLE compared AS
SELECT
    m.channel, m.supplier, m.supplier_sku, m.currency, b.sale, m.net_cash AS after, b.net_cash AS before,
    m.expected_profit AS expected_after, b.expected_profit AS expected_before, m.net_margin AS margin_after,
    b.net_margin AS margin_before
FROM (
    SELECT line.channel, line.supplier, line.supplier_sku, line.currency, net_cash, expected_profit, net_margin
    FROM margins(present_lines)
) AS m
JOIN core.margins AS b
    ON b.channel = m.channel AND b.supplier = m.supplier AND b.supplier_sku = m.supplier_sku;
