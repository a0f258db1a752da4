-- Whoever names a price names its currency.
SELECT supplier, supplier_sku, cost, list_price, run_id
FROM core.offers
WHERE coalesce(cost, list_price) IS NOT NULL AND currency IS NULL
ORDER BY supplier, supplier_sku
LIMIT 10;
