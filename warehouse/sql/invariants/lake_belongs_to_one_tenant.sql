-- A lake holds the offers of one tenant.
SELECT tenant, count(*) AS offers
FROM core.offers
GROUP BY tenant
QUALIFY count(*) OVER () > 1
ORDER BY tenant
LIMIT 10;
