-- Every commit makes one snapshot: the one in which a run's own record appears is the run's.
SELECT read, accepted, quarantined, new, changed, unchanged, missing, deleted, snapshot_id AS snapshot
FROM core.feed_runs
WHERE run_id = $run_id;
