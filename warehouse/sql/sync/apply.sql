-- One transaction into the lake: everything the staged delta says, or nothing.
DELETE FROM core.offers WHERE supplier = $supplier AND supplier_sku IN (SELECT supplier_sku FROM delta.differing);
INSERT INTO core.offers BY NAME FROM delta.writes;
INSERT INTO core.offers BY NAME FROM delta.lost;
INSERT INTO core.offer_changes BY NAME FROM delta.changes;

DELETE FROM raw.records
WHERE supplier = $supplier AND (digest_hi, digest_lo) IN (SELECT (digest_hi, digest_lo) FROM delta.absent)
    AND NOT (accepted AND $kind = 'retry');
-- A retry reads single rows, and a record may hold several: only the offers that were read again are written again.
DELETE FROM raw.records
WHERE $kind = 'retry' AND supplier = $supplier
    AND (digest_hi, digest_lo) IN (SELECT (digest_hi, digest_lo) FROM delta.absent)
    AND supplier_sku IN (
        SELECT supplier_sku FROM delta.offers UNION ALL SELECT supplier_sku FROM delta.refusals WHERE scope = 'row'
    );
INSERT INTO raw.records
SELECT $supplier, _digest_hi, _digest_lo, supplier_sku, true FROM delta.offers
UNION ALL
SELECT $supplier, _digest_hi, _digest_lo, supplier_sku, false FROM delta.refusals
WHERE scope = 'row' AND reason <> 'duplicate_sku';

UPDATE raw.quarantine SET state = 'superseded', closed_run_id = $run_id
WHERE supplier = $supplier AND state = 'open'
    -- A sync reads every record anew of which a row was refused as a duplicate (sync/known), a retry does not.
    AND CASE WHEN reason = 'duplicate_sku' THEN $kind = 'sync'
        ELSE (digest_hi, digest_lo) IN (SELECT (digest_hi, digest_lo) FROM delta.absent) END;
INSERT INTO raw.quarantine
SELECT
    $run_id, $supplier, source_file, _row, _digest_hi, _digest_lo, supplier_sku, scope, field, reason, value, expected,
    raw, raw_kind, $now::TIMESTAMPTZ, 'open', NULL
FROM delta.refusals;
DELETE FROM raw.suspected_absences WHERE supplier = $supplier;
INSERT INTO core.feed_runs BY NAME
SELECT
    $run_id AS run_id, $tenant AS tenant, $supplier AS supplier, $kind AS kind, $feed_hash AS feed_hash,
    $now::TIMESTAMPTZ AS applied_at, $read AS read, $accepted AS accepted, $quarantined AS quarantined, $new AS new,
    $changed AS changed, $unchanged AS unchanged, $missing AS missing, $deleted AS deleted;
