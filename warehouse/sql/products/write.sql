-- Only what differs is written.
DELETE FROM core.product_offers AS t
WHERE NOT EXISTS (
    FROM matched AS m
    WHERE m.supplier = t.supplier AND m.supplier_sku = t.supplier_sku AND m.product_id = t.product_id AND m.matched_by = t.matched_by
);
INSERT INTO core.product_offers
SELECT m.product_id, m.supplier, m.supplier_sku, m.matched_by
FROM matched AS m
ANTI JOIN core.product_offers AS t ON t.supplier = m.supplier AND t.supplier_sku = m.supplier_sku;

DELETE FROM core.products
WHERE product_id IN (
    SELECT product_id
    FROM (SELECT product_id, hash(t) AS hash FROM core.products AS t)
    ANTI JOIN (SELECT product_id, hash(m) AS hash FROM matched_products AS m) USING (product_id, hash)
);
INSERT INTO core.products BY NAME
FROM matched_products AS m
ANTI JOIN core.products AS t ON t.product_id = m.product_id;
