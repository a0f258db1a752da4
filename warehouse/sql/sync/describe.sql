-- Which candidates differ from what the lake has, how, and in which fields: delta.compared, of which delta.differing is what
-- counts. From it follow the rows to be written (delta.writes, delta.lost) and what the change feed tells (delta.changes). Long
-- texts are compared by their hash, so that what is held in memory stays narrow; no list and an empty one hash alike. Of a new
-- offer the feed tells what it is sold as and for; all of it stands in core.offers. A restored row is written again even if only
-- its run differs.
CREATE OR REPLACE TABLE delta.compared AS
WITH b AS (
    SELECT * EXCLUDE (description, image_urls, attributes), hash(description, image_urls, image_urls IS NULL, attributes) AS long_hash
    FROM delta.before
),
fields AS (
    SELECT
        w.supplier_sku, w.status, b.status AS status_before, r.restores,
        hash(w.description, w.image_urls, w.image_urls IS NULL, w.attributes) <> b.long_hash AS long_differs,
        CASE
            WHEN b.supplier_sku IS NULL THEN [
                {'field': 'status', 'before': NULL, 'after': w.status},
                {'field': 'title', 'before': NULL, 'after': w.title},
                {'field': 'cost', 'before': NULL, 'after': w.cost::VARCHAR},
                {'field': 'list_price', 'before': NULL, 'after': w.list_price::VARCHAR},
                {'field': 'currency', 'before': NULL, 'after': w.currency},
                {'field': 'stock', 'before': NULL, 'after': w.stock::VARCHAR}
            ]
            ELSE list_filter(
                [
                    CASE WHEN b.status IS DISTINCT FROM w.status THEN {'field': 'status', 'before': b.status, 'after': w.status} END,
                    CASE WHEN b.gtins IS DISTINCT FROM w.gtins THEN {'field': 'gtins', 'before': b.gtins::VARCHAR, 'after': w.gtins::VARCHAR} END,
                    CASE WHEN b.mpn IS DISTINCT FROM w.mpn THEN {'field': 'mpn', 'before': b.mpn, 'after': w.mpn} END,
                    CASE WHEN b.title IS DISTINCT FROM w.title THEN {'field': 'title', 'before': b.title, 'after': w.title} END,
                    CASE WHEN b.brand IS DISTINCT FROM w.brand THEN {'field': 'brand', 'before': b.brand, 'after': w.brand} END,
                    CASE WHEN b.category IS DISTINCT FROM w.category THEN {'field': 'category', 'before': b.category, 'after': w.category} END,
                    CASE WHEN b.cost IS DISTINCT FROM w.cost THEN {'field': 'cost', 'before': b.cost::VARCHAR, 'after': w.cost::VARCHAR} END,
                    CASE WHEN b.list_price IS DISTINCT FROM w.list_price THEN {'field': 'list_price', 'before': b.list_price::VARCHAR, 'after': w.list_price::VARCHAR} END,
                    CASE WHEN b.currency IS DISTINCT FROM w.currency THEN {'field': 'currency', 'before': b.currency, 'after': w.currency} END,
                    CASE WHEN b.vat_rate IS DISTINCT FROM w.vat_rate THEN {'field': 'vat_rate', 'before': b.vat_rate::VARCHAR, 'after': w.vat_rate::VARCHAR} END,
                    CASE WHEN b.vat_included IS DISTINCT FROM w.vat_included THEN {'field': 'vat_included', 'before': b.vat_included::VARCHAR, 'after': w.vat_included::VARCHAR} END,
                    CASE WHEN b.stock IS DISTINCT FROM w.stock THEN {'field': 'stock', 'before': b.stock::VARCHAR, 'after': w.stock::VARCHAR} END,
                    CASE WHEN b.stock_kind IS DISTINCT FROM w.stock_kind THEN {'field': 'stock_kind', 'before': b.stock_kind, 'after': w.stock_kind} END,
                    CASE WHEN b.weight_g IS DISTINCT FROM w.weight_g THEN {'field': 'weight_g', 'before': b.weight_g::VARCHAR, 'after': w.weight_g::VARCHAR} END,
                    CASE WHEN b.length_cm IS DISTINCT FROM w.length_cm THEN {'field': 'length_cm', 'before': b.length_cm::VARCHAR, 'after': w.length_cm::VARCHAR} END,
                    CASE WHEN b.width_cm IS DISTINCT FROM w.width_cm THEN {'field': 'width_cm', 'before': b.width_cm::VARCHAR, 'after': w.width_cm::VARCHAR} END,
                    CASE WHEN b.height_cm IS DISTINCT FROM w.height_cm THEN {'field': 'height_cm', 'before': b.height_cm::VARCHAR, 'after': w.height_cm::VARCHAR} END,
                    CASE WHEN b.desi IS DISTINCT FROM w.desi THEN {'field': 'desi', 'before': b.desi::VARCHAR, 'after': w.desi::VARCHAR} END,
                    CASE WHEN b.variant_group IS DISTINCT FROM w.variant_group THEN {'field': 'variant_group', 'before': b.variant_group, 'after': w.variant_group} END
                ],
                lambda field: field IS NOT NULL
            )
        END AS fields
    FROM delta.candidates AS w
    LEFT JOIN b USING (supplier_sku)
    CROSS JOIN delta.run AS r
)
SELECT
    supplier_sku,
    CASE
        WHEN restores THEN 'restored'
        WHEN status_before IS NULL THEN if(status = 'active', 'new', 'same')
        WHEN len(fields) = 0 AND NOT long_differs THEN 'same'
        WHEN status <> 'active' THEN status
        WHEN status_before <> 'active' THEN 'returned'
        ELSE 'changed'
    END AS kind,
    long_differs, fields
FROM fields
UNION ALL
SELECT
    b.supplier_sku, if(r.restores, 'withdrawn', 'missing'), false,
    [{'field': 'status', 'before': b.status, 'after': if(r.restores, NULL, 'missing')}]
FROM delta.before AS b
SEMI JOIN gone USING (supplier_sku)
CROSS JOIN delta.run AS r
WHERE b.status = 'active' OR r.restores;

CREATE OR REPLACE VIEW delta.differing AS FROM delta.compared WHERE kind <> 'same';

-- Without those that are the same, for these are few where the others are many: in the first feed.
CREATE OR REPLACE VIEW delta.writes AS
FROM delta.candidates
ANTI JOIN (SELECT supplier_sku FROM delta.compared WHERE kind = 'same') AS s USING (supplier_sku);

CREATE OR REPLACE VIEW delta.lost AS
SELECT b.* REPLACE ('missing' AS status, r.now AS missing_since, r.run_id AS run_id, r.now AS updated_at)
FROM delta.before AS b
SEMI JOIN (FROM delta.differing WHERE kind = 'missing') AS d USING (supplier_sku)
CROSS JOIN delta.run AS r;

CREATE OR REPLACE VIEW delta.changes AS
WITH told AS (
    SELECT supplier_sku, kind, unnest(fields) AS told FROM delta.differing
    UNION ALL
    SELECT supplier_sku, d.kind, unnest(list_filter(
        [
            CASE WHEN b.description IS DISTINCT FROM w.description THEN {'field': 'description', 'before': b.description, 'after': w.description} END,
            CASE WHEN b.image_urls IS DISTINCT FROM w.image_urls THEN {'field': 'image_urls', 'before': b.image_urls::VARCHAR, 'after': w.image_urls::VARCHAR} END,
            CASE WHEN b.attributes IS DISTINCT FROM w.attributes THEN {'field': 'attributes', 'before': b.attributes, 'after': w.attributes} END
        ],
        lambda field: field IS NOT NULL
    ))
    FROM (SELECT supplier_sku, kind FROM delta.differing WHERE long_differs) AS d
    JOIN delta.before AS b USING (supplier_sku)
    JOIN delta.candidates AS w USING (supplier_sku)
)
SELECT
    r.run_id, r.now AS changed_at, r.supplier, t.supplier_sku, t.kind, t.told.field AS field, t.told.before AS before,
    t.told.after AS after
FROM told AS t
CROSS JOIN delta.run AS r;
