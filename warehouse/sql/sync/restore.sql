-- One transaction: offers, records and quarantine of the supplier as they were at the snapshot attached as `past`.
DELETE FROM core.offers WHERE supplier = $supplier AND supplier_sku IN (SELECT supplier_sku FROM delta.differing);
INSERT INTO core.offers BY NAME FROM delta.writes;
INSERT INTO core.offer_changes BY NAME FROM delta.changes;

DELETE FROM raw.records WHERE supplier = $supplier;
INSERT INTO raw.records BY NAME FROM past.raw.records WHERE supplier = $supplier;
DELETE FROM raw.quarantine WHERE supplier = $supplier;
INSERT INTO raw.quarantine BY NAME FROM past.raw.quarantine WHERE supplier = $supplier;
DELETE FROM raw.suspected_absences WHERE supplier = $supplier;
INSERT INTO core.feed_runs BY NAME
SELECT
    $run_id AS run_id, $tenant AS tenant, $supplier AS supplier, 'rollback' AS kind, '' AS feed_hash,
    $now::TIMESTAMPTZ AS applied_at, $read AS read, $accepted AS accepted, $quarantined AS quarantined, $new AS new,
    $changed AS changed, $unchanged AS unchanged, $missing AS missing, $deleted AS deleted;
