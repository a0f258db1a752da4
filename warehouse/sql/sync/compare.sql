-- What the staged offers and the absent records mean for core.offers: delta.writes, the rows as they
-- shall be, and delta.lost, the offers that will be missing.
CREATE OR REPLACE TEMP TABLE gone AS
WITH
leaving AS MATERIALIZED (
    SELECT DISTINCT r.supplier_sku
    FROM raw.records AS r
    SEMI JOIN delta.absent AS a ON a.digest_lo = r.digest_lo AND a.digest_hi = r.digest_hi
    ANTI JOIN delta.offers AS o ON o.supplier_sku = r.supplier_sku
    ANTI JOIN delta.refusals AS f ON f.supplier_sku = r.supplier_sku AND f.scope = 'row'
    WHERE r.supplier = $supplier AND r.supplier_sku IS NOT NULL AND $complete
),
-- A key that a known record still names, be it a refused one, is in the feed.
staying AS (
    SELECT r.supplier_sku
    FROM raw.records AS r
    SEMI JOIN leaving USING (supplier_sku)
    ANTI JOIN delta.absent AS a ON a.digest_lo = r.digest_lo AND a.digest_hi = r.digest_hi
    WHERE r.supplier = $supplier
)
FROM leaving
ANTI JOIN staying USING (supplier_sku);

-- Long texts are compared by their hash, so that what is held in memory stays narrow.
CREATE OR REPLACE TEMP TABLE before AS
SELECT o.* EXCLUDE (description, image_urls, attributes), hash(o.description, o.image_urls, o.attributes) AS long_hash
FROM core.offers AS o
WHERE o.supplier = $supplier
    AND o.supplier_sku IN (SELECT supplier_sku FROM delta.offers UNION ALL SELECT supplier_sku FROM gone);

CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now;

CREATE OR REPLACE TABLE delta.differing AS
SELECT o.supplier_sku, b.long_hash <> hash(o.description, o.image_urls, o.attributes) AS long_differs
FROM delta.offers AS o
LEFT JOIN before AS b USING (supplier_sku)
WHERE
    CASE WHEN b.supplier_sku IS NULL THEN NOT o.deleted
    ELSE hash(o.description, o.image_urls, o.attributes) <> b.long_hash OR (
        o.gtins, o.mpn, o.title, o.brand, o.category, o.cost, o.list_price, o.currency, o.vat_rate, o.vat_included,
        o.stock, o.stock_kind, o.weight_g, o.length_cm, o.width_cm, o.height_cm, o.desi, o.variant_group,
        if(o.deleted, 'deleted', 'active')
    ) IS DISTINCT FROM (
        b.gtins, b.mpn, b.title, b.brand, b.category, b.cost, b.list_price, b.currency, b.vat_rate, b.vat_included,
        b.stock, b.stock_kind, b.weight_g, b.length_cm, b.width_cm, b.height_cm, b.desi, b.variant_group, b.status
    ) END;

CREATE OR REPLACE TEMP TABLE long_before AS
SELECT supplier_sku, description, image_urls, attributes
FROM core.offers
WHERE supplier = $supplier AND supplier_sku IN (SELECT supplier_sku FROM delta.differing WHERE long_differs);

CREATE OR REPLACE TABLE delta.lost AS
SELECT * REPLACE ('missing' AS status, $now::TIMESTAMPTZ AS missing_since, $run_id AS run_id, $now::TIMESTAMPTZ AS updated_at)
FROM core.offers
WHERE supplier = $supplier AND status = 'active' AND supplier_sku IN (SELECT supplier_sku FROM gone);

CREATE OR REPLACE VIEW delta.writes AS
SELECT
    r.tenant, r.supplier, o.supplier_sku, o.gtin, o.gtins, o.mpn, o.title, o.brand, o.category, o.description, o.cost,
    o.list_price, o.currency, o.vat_rate, o.vat_included, o.stock, o.stock_kind, o.weight_g, o.length_cm, o.width_cm,
    o.height_cm, o.desi, o.image_urls, o.attributes, o.variant_group, if(o.deleted, 'deleted', 'active') AS status,
    NULL::TIMESTAMPTZ AS missing_since, r.run_id, o.source_file, o._row AS row_number, r.now AS updated_at
FROM delta.offers AS o
SEMI JOIN delta.differing AS d USING (supplier_sku)
CROSS JOIN delta.run AS r;
