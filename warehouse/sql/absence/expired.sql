-- Offers missing for longer than their grace: as they are now, and as deleted ones.
CREATE OR REPLACE TABLE delta.absent (digest_hi UBIGINT, digest_lo UBIGINT);
CREATE OR REPLACE TEMP TABLE before AS
FROM core.offers
WHERE supplier = $supplier AND status = 'missing' AND missing_since < $missing_before::TIMESTAMPTZ;
CREATE OR REPLACE TABLE delta.writes AS
SELECT * REPLACE ('deleted' AS status, NULL AS missing_since, $run_id AS run_id, $now::TIMESTAMPTZ AS updated_at) FROM before;
CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now;
CREATE OR REPLACE TABLE delta.lost AS FROM core.offers LIMIT 0;
CREATE OR REPLACE TEMP TABLE long_before AS SELECT supplier_sku, description, image_urls, attributes FROM before;
