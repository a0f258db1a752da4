-- A restored offer keeps its own run and time; the change feed tells of the run and time that restored it.
UPDATE delta.changes SET run_id = $run_id, changed_at = $now::TIMESTAMPTZ, kind = 'restored';
INSERT INTO delta.changes
SELECT
    $run_id, $now::TIMESTAMPTZ, supplier, supplier_sku, 'withdrawn',
    [{'field': 'status', 'before': status, 'after': NULL}]
FROM before
ANTI JOIN delta.writes USING (supplier_sku);
SELECT
    0 AS read, 0 AS accepted, 0 AS quarantined, 0 AS new, 0 AS deleted,
    count(*) FILTER (kind = 'restored') AS changed,
    count(*) FILTER (kind = 'withdrawn') AS missing,
    (SELECT count(*) FROM was) - count(*) FILTER (kind = 'restored') AS unchanged
FROM delta.changes;
