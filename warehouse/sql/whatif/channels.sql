SELECT
    channel, currency, count(*) AS offers, sum(sale) AS sale, sum(before) AS before, sum(after) AS after,
    sum(after) - sum(before) AS difference, sum(expected_before) AS expected_before, sum(expected_after) AS expected_after,
    count_if(before < 0) AS losing_before, count_if(after < 0) AS losing_after
FROM compared
GROUP BY channel, currency
ORDER BY channel;
