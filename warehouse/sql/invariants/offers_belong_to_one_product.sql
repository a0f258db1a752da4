-- An offer belongs to at most one product.
SELECT supplier, supplier_sku, count(*) AS products
FROM core.product_offers
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
LIMIT 10;
