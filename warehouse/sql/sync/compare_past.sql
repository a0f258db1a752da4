-- The supplier's offers that are not the rows they were at the snapshot attached as `past`. A row is told by the run that
-- wrote it and when: no run writes two rows of one offer.
CREATE OR REPLACE TABLE delta.absent (digest_hi UINTEGER, digest_lo UBIGINT);
CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now, true AS restores;

CREATE OR REPLACE TEMP TABLE moved AS
SELECT supplier_sku, w.supplier_sku IS NULL AS is_gone
FROM (SELECT supplier_sku, run_id, updated_at FROM past.core.offers WHERE supplier = $supplier) AS w
FULL JOIN (SELECT supplier_sku, run_id, updated_at FROM core.offers WHERE supplier = $supplier) AS n USING (supplier_sku)
WHERE (w.run_id, w.updated_at) IS DISTINCT FROM (n.run_id, n.updated_at);

CREATE OR REPLACE TEMP TABLE gone AS SELECT supplier_sku FROM moved WHERE is_gone;
CREATE OR REPLACE TABLE delta.before AS
FROM core.offers
WHERE supplier = $supplier AND supplier_sku IN (SELECT supplier_sku FROM moved);
CREATE OR REPLACE TABLE delta.candidates AS
FROM past.core.offers
WHERE supplier = $supplier AND supplier_sku IN (SELECT supplier_sku FROM moved);
