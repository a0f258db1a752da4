-- No price is zero or negative; an unknown one is empty.
SELECT supplier, supplier_sku, cost, list_price, run_id
FROM core.offers
WHERE cost <= 0 OR list_price <= 0
ORDER BY supplier, supplier_sku
LIMIT 10;
