-- What the lines of each channel would earn, beside what they earn by `core.margins`: sums, how many have which net margin
-- (in steps of five points from -50 to 45; what lies beyond counts into the last), and the lines that would lose most.
-- What only one of both knows is left out.
WITH compared AS (
    SELECT
        m.line.channel AS channel, m.line.supplier AS supplier, m.line.supplier_sku AS supplier_sku,
        m.line.currency AS currency, b.sale, m.net_cash AS after, b.net_cash AS before, m.expected_profit AS expected_after,
        b.expected_profit AS expected_before, least(greatest(floor(m.net_margin * 20), -10), 9)::INTEGER * 5 AS bin_after,
        least(greatest(floor(b.net_margin * 20), -10), 9)::INTEGER * 5 AS bin_before
    FROM margins(present_lines) AS m
    JOIN core.margins AS b
        ON b.channel = m.line.channel AND b.supplier = m.line.supplier AND b.supplier_sku = m.line.supplier_sku
)

SELECT
    channel, currency, count(*) AS offers, sum(sale) AS sale, sum(before) AS before, sum(after) AS after,
    sum(after) - sum(before) AS difference, sum(expected_before) AS expected_before, sum(expected_after) AS expected_after,
    count_if(before < 0) AS losing_before, count_if(after < 0) AS losing_after, histogram(bin_before) AS bins_before,
    histogram(bin_after) AS bins_after, arg_min(
        {'supplier': supplier, 'supplier_sku': supplier_sku, 'sale': sale, 'before': before, 'after': after},
        after - before, $most
    ) AS movers
FROM compared
GROUP BY channel, currency
ORDER BY channel;
