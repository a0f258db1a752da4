-- The counts of a rollback's run.
SELECT
    0 AS read, 0 AS accepted, 0 AS quarantined, 0 AS new, 0 AS deleted,
    count(*) FILTER (kind = 'restored') AS changed,
    count(*) FILTER (kind = 'withdrawn') AS missing,
    (SELECT count(*) FROM past.core.offers WHERE supplier = $supplier) - count(*) FILTER (kind = 'restored') AS unchanged
FROM delta.differing;
