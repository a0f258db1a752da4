-- Only what differs is written. To find it, offers are compared by two hashes, of the key and of the rest.
CREATE OR REPLACE TEMP TABLE moved AS
SELECT supplier, supplier_sku, product_id
FROM (
    SELECT
        supplier, supplier_sku, product_id, hash(supplier, supplier_sku) AS key, hash(product_id, matched_by, gives) AS rest
    FROM core.product_offers
)
ANTI JOIN (
    SELECT hash(supplier, supplier_sku) AS key, hash(product_id, matched_by, gives) AS rest FROM matched
) AS m USING (key, rest);

DELETE FROM core.product_offers WHERE (supplier, supplier_sku) IN (SELECT (supplier, supplier_sku) FROM moved);
CREATE OR REPLACE TEMP TABLE arrived AS
SELECT m.product_id, m.supplier, m.supplier_sku, m.matched_by, m.gives
FROM matched AS m
ANTI JOIN core.product_offers AS t ON t.supplier = m.supplier AND t.supplier_sku = m.supplier_sku;
INSERT INTO core.product_offers BY NAME FROM arrived;

-- The products that lost or gained an offer, made anew of all offers they have now. An aggregate over texts cannot be
-- spilled to disk, and most products have one offer: these do without. Two that happen to share a hash do with.
CREATE OR REPLACE TEMP TABLE concerned AS
SELECT *, hash(product_id) AS hash
FROM matched
SEMI JOIN (SELECT product_id FROM moved UNION ALL SELECT product_id FROM arrived) AS t USING (product_id);
CREATE OR REPLACE TEMP TABLE shared AS SELECT hash FROM concerned GROUP BY hash HAVING count(*) > 1;

DELETE FROM core.products
WHERE product_id IN (SELECT product_id FROM moved UNION ALL SELECT product_id FROM concerned);
INSERT INTO core.products BY NAME
SELECT product_id, matched_by, gtin, brand, mpn, title, 1::BIGINT AS offers, 1::BIGINT AS suppliers
FROM concerned
ANTI JOIN shared USING (hash)
UNION ALL
SELECT
    product_id, min(matched_by), min(gtin), arg_min(brand, supplier || ':' || supplier_sku),
    arg_min(mpn, supplier || ':' || supplier_sku), arg_min(title, supplier || ':' || supplier_sku), count(*),
    count(DISTINCT supplier)
FROM concerned
SEMI JOIN shared USING (hash)
GROUP BY product_id;
