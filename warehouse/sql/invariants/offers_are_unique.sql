-- A supplier uses a code for one offer only.
SELECT supplier, supplier_sku, count(*) AS offers
FROM core.offers
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
LIMIT 10;
