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
    coalesce(k.gtin, p.gtin) AS gtin, k.brand, k.mpn, k.title,
    hash(coalesce(k.gtin, p.gtin), k.brand, k.mpn, k.title) AS gives
FROM keyed AS k
LEFT JOIN parts AS p ON k.gtin IS NULL AND p.part = k.part;
