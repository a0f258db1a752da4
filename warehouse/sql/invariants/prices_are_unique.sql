-- An offer has one price and one margin on a channel.
SELECT relation, channel, supplier, supplier_sku, count(*) AS times
FROM (
    SELECT 'published_prices' AS relation, channel, supplier, supplier_sku FROM core.published_prices
    UNION ALL
    SELECT 'margins', channel, supplier, supplier_sku FROM core.margins
) AS p
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
LIMIT 10;
