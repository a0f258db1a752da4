-- The product of every offer that is not deleted. Keys: gtin:<14 digits>, mpn:<brand>:<part number>, own:<supplier>:<key>.
CREATE OR REPLACE TEMP TABLE keyed AS
SELECT
    o.supplier, o.supplier_sku, l.product_id AS linked, o.title, o.brand, o.mpn,
    coalesce(g.product_gtin, lpad(o.gtin, 14, '0')) AS gtin,
    translate(lower(strip_accents(trim(o.brand))), 'ı', 'i') || ':'
        || nullif(lower(regexp_replace(o.mpn, '[\s_./-]+', '', 'g')), '') AS part
FROM core.offers AS o
LEFT JOIN gtin_groups AS g ON g.gtin = lpad(o.gtin, 14, '0')
LEFT JOIN raw.product_links AS l ON l.supplier = o.supplier AND l.supplier_sku = o.supplier_sku
WHERE o.status <> 'deleted';

-- A part number leads to a GTIN only when every offer that carries both agrees on it.
CREATE OR REPLACE TEMP TABLE parts AS
SELECT part, min(gtin) AS gtin
FROM keyed
WHERE part IS NOT NULL AND gtin IS NOT NULL
GROUP BY part
HAVING min(gtin) = max(gtin);

CREATE OR REPLACE TEMP TABLE matched AS
SELECT
    CASE
        WHEN k.linked IS NOT NULL THEN k.linked
        WHEN coalesce(k.gtin, p.gtin) IS NOT NULL THEN 'gtin:' || coalesce(k.gtin, p.gtin)
        WHEN k.part IS NOT NULL THEN 'mpn:' || k.part
        ELSE 'own:' || k.supplier || ':' || k.supplier_sku
    END AS product_id,
    k.supplier, k.supplier_sku,
    CASE
        WHEN k.linked IS NOT NULL THEN 'link' WHEN k.gtin IS NOT NULL THEN 'gtin' WHEN k.part IS NOT NULL THEN 'mpn' ELSE 'none'
    END AS matched_by,
    coalesce(k.gtin, p.gtin) AS gtin, k.brand, k.mpn, k.title
FROM keyed AS k
LEFT JOIN parts AS p ON k.gtin IS NULL AND p.part = k.part;

-- Most products have one offer, and need no aggregate over texts, which cannot be spilled to disk.
CREATE OR REPLACE TEMP TABLE shared AS SELECT product_id FROM matched GROUP BY product_id HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE matched_products AS
SELECT product_id, matched_by, gtin, brand, mpn, title, 1::BIGINT AS offers, 1::BIGINT AS suppliers
FROM matched
ANTI JOIN shared USING (product_id)
UNION ALL
SELECT
    product_id, min(matched_by), min(gtin), arg_min(brand, supplier || ':' || supplier_sku),
    arg_min(mpn, supplier || ':' || supplier_sku), arg_min(title, supplier || ':' || supplier_sku), count(*),
    count(DISTINCT supplier)
FROM matched
SEMI JOIN shared USING (product_id)
GROUP BY product_id;
