-- Offers missing for longer than their grace: as they are now, and as deleted ones.
CREATE OR REPLACE TABLE delta.absent (digest_hi UINTEGER, digest_lo UBIGINT);
CREATE OR REPLACE TEMP TABLE gone (supplier_sku VARCHAR);
CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now, false AS restores;
CREATE OR REPLACE TABLE delta.before AS
FROM core.offers
WHERE supplier = $supplier AND status = 'missing' AND missing_since < $missing_before::TIMESTAMPTZ;
CREATE OR REPLACE VIEW delta.candidates AS
SELECT b.* REPLACE ('deleted' AS status, NULL AS missing_since, r.run_id AS run_id, r.now AS updated_at)
FROM delta.before AS b
CROSS JOIN delta.run AS r;
