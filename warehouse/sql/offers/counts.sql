SELECT supplier, count(*) AS offers
FROM core.offers
WHERE status = 'active'
GROUP BY supplier;
