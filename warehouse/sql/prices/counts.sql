-- How many offers on each channel come to what. What no rule fits is no more than counted.
SELECT channel, outcome, sum(offers)::BIGINT AS offers
FROM (
SELECT channel, outcome, count(*) AS offers FROM decided WHERE outcome <> 'refused' GROUP BY ALL
UNION ALL
SELECT channel, reason, count(*) FROM refused GROUP BY ALL
UNION ALL
SELECT channel, 'no_rule', count(*) FROM offered
ANTI JOIN decided USING (channel, supplier, supplier_sku)
ANTI JOIN refused USING (channel, supplier, supplier_sku)
GROUP BY channel
)
GROUP BY ALL
ORDER BY ALL;
