-- An offer has the time since when it is missing exactly as long as it is missing.
SELECT supplier, supplier_sku, status, missing_since
FROM core.offers
WHERE (status = 'missing') <> (missing_since IS NOT NULL)
ORDER BY supplier, supplier_sku
LIMIT 10;
