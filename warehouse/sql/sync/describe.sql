-- The change feed's rows for delta.writes: one per offer, with each field that differs, as text. Of a new offer the
-- feed tells what it is sold as and for; all of it stands in core.offers.
CREATE OR REPLACE TABLE delta.changes AS
SELECT
    w.run_id, w.updated_at AS changed_at, w.supplier, w.supplier_sku,
    CASE
        WHEN w.status <> 'active' THEN w.status
        WHEN b.status <> 'active' THEN 'returned'
        ELSE 'changed'
    END AS kind,
    list_filter(
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
            CASE WHEN b.variant_group IS DISTINCT FROM w.variant_group THEN {'field': 'variant_group', 'before': b.variant_group, 'after': w.variant_group} END,
            CASE WHEN l.supplier_sku IS NOT NULL AND l.description IS DISTINCT FROM w.description THEN
                {'field': 'description', 'before': l.description, 'after': w.description} END,
            CASE WHEN l.supplier_sku IS NOT NULL AND l.image_urls IS DISTINCT FROM w.image_urls THEN
                {'field': 'image_urls', 'before': l.image_urls::VARCHAR, 'after': w.image_urls::VARCHAR} END,
            CASE WHEN l.supplier_sku IS NOT NULL AND l.attributes IS DISTINCT FROM w.attributes THEN
                {'field': 'attributes', 'before': l.attributes, 'after': w.attributes} END
        ],
        lambda change: change IS NOT NULL
    ) AS changes
FROM delta.writes AS w
JOIN before AS b USING (supplier_sku)
LEFT JOIN long_before AS l USING (supplier_sku)
UNION ALL
SELECT
    w.run_id, w.updated_at, w.supplier, w.supplier_sku, 'new',
    [
        {'field': 'status', 'before': NULL, 'after': w.status},
        {'field': 'title', 'before': NULL, 'after': w.title},
        {'field': 'cost', 'before': NULL, 'after': w.cost::VARCHAR},
        {'field': 'list_price', 'before': NULL, 'after': w.list_price::VARCHAR},
        {'field': 'currency', 'before': NULL, 'after': w.currency},
        {'field': 'stock', 'before': NULL, 'after': w.stock::VARCHAR}
    ]
FROM delta.writes AS w
ANTI JOIN before AS b USING (supplier_sku)
UNION ALL
SELECT
    r.run_id, r.now, r.supplier, b.supplier_sku, 'missing', [{'field': 'status', 'before': b.status, 'after': 'missing'}]
FROM before AS b
SEMI JOIN delta.lost USING (supplier_sku)
CROSS JOIN delta.run AS r;
