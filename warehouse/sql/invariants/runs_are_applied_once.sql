-- A run changes the lake once, and its counts add up.
SELECT run_id, supplier, kind, count(*) AS times, any_value(read) AS read, any_value(accepted) AS accepted,
    any_value(quarantined) AS quarantined, any_value(unchanged) AS unchanged
FROM core.feed_runs
GROUP BY run_id, supplier, kind
HAVING count(*) > 1 OR any_value(read <> accepted + quarantined) OR any_value(unchanged < 0)
ORDER BY run_id
LIMIT 10;
