-- What a supplier's newest run wrote as active was read from a record of its feed, which is known by its digest.
WITH newest AS (
    SELECT supplier, arg_max(run_id, applied_at) AS run_id
    FROM core.feed_runs
    GROUP BY supplier
)
SELECT o.supplier, o.supplier_sku, o.run_id
FROM core.offers AS o
SEMI JOIN newest AS n ON n.run_id = o.run_id AND n.supplier = o.supplier
ANTI JOIN raw.records AS r ON r.supplier = o.supplier AND r.supplier_sku = o.supplier_sku AND r.accepted
WHERE o.status = 'active'
ORDER BY ALL
LIMIT 10;
