-- Which of the supplier's offers differ from what they were at the snapshot attached as `past`.
CREATE OR REPLACE TABLE delta.absent (digest_hi UBIGINT, digest_lo UBIGINT);
CREATE OR REPLACE TEMP TABLE was AS FROM past.core.offers WHERE supplier = $supplier;
CREATE OR REPLACE TEMP TABLE now AS FROM core.offers WHERE supplier = $supplier;

CREATE OR REPLACE TEMP TABLE before AS
FROM now AS n
WHERE NOT EXISTS (FROM was AS w WHERE w = n);

CREATE OR REPLACE TABLE delta.writes AS
FROM was AS w
WHERE NOT EXISTS (FROM now AS n WHERE n = w);
CREATE OR REPLACE TABLE delta.run AS
SELECT $tenant AS tenant, $supplier AS supplier, $run_id AS run_id, $now::TIMESTAMPTZ AS now;
CREATE OR REPLACE TABLE delta.lost AS FROM core.offers LIMIT 0;
CREATE OR REPLACE TEMP TABLE long_before AS SELECT supplier_sku, description, image_urls, attributes FROM before;
