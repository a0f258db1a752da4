-- What the staged offers and the absent records put to the question: delta.candidates, the offers as they would be,
-- delta.before, the same ones as they are, and those that would be gone.
CREATE OR REPLACE TEMP TABLE gone AS
WITH
absent AS (
    SELECT r.supplier_sku
    FROM raw.records AS r
    SEMI JOIN delta.absent AS a ON a.digest_lo = r.digest_lo AND a.digest_hi = r.digest_hi
    WHERE r.supplier = $supplier AND r.supplier_sku IS NOT NULL
    UNION ALL
    -- Left out when the feed did not have to be complete: no record tells of them any more.
    SELECT o.supplier_sku
    FROM core.offers AS o
    WHERE o.supplier = $supplier AND o.status = 'active' AND $other_rules
        AND o.supplier_sku NOT IN (SELECT supplier_sku FROM raw.records WHERE supplier = $supplier AND supplier_sku IS NOT NULL)
),
leaving AS MATERIALIZED (
    SELECT DISTINCT supplier_sku
    FROM absent
    ANTI JOIN delta.offers AS o USING (supplier_sku)
    ANTI JOIN (SELECT supplier_sku FROM delta.refusals WHERE scope = 'row') AS f USING (supplier_sku)
    WHERE $complete
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

CREATE OR REPLACE TABLE delta.before AS
FROM core.offers
WHERE supplier = $supplier
    AND supplier_sku IN (SELECT supplier_sku FROM delta.offers UNION ALL SELECT supplier_sku FROM gone);

CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now, false AS restores;

CREATE OR REPLACE VIEW delta.candidates AS
SELECT
    r.tenant, r.supplier, o.supplier_sku, o.gtin, o.gtins, o.mpn, o.title, o.brand, o.category, o.description, o.cost,
    o.list_price, o.currency, o.vat_rate, o.vat_included, o.stock, o.stock_kind, o.weight_g, o.length_cm, o.width_cm,
    o.height_cm, o.desi, o.image_urls, o.attributes, o.variant_group, if(o.deleted, 'deleted', 'active') AS status,
    NULL::TIMESTAMPTZ AS missing_since, r.run_id, o.source_file, o._row AS row_number, r.now AS updated_at
FROM delta.offers AS o
CROSS JOIN delta.run AS r;
