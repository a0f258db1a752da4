-- The last change of an offer's status is the status it has; an offer that the change feed knows is there, unless withdrawn.
WITH told AS (
    SELECT
        supplier, supplier_sku, changed_at, run_id,
        list_filter(changes, lambda change: change.field = 'status') AS statuses
    FROM core.offer_changes
),
last AS (
    SELECT supplier, supplier_sku, arg_max({'status': statuses[1].after}, (changed_at, run_id)) AS told
    FROM told
    WHERE len(statuses) > 0
    GROUP BY supplier, supplier_sku
)
SELECT supplier, supplier_sku, o.status, l.told.status AS told_status
FROM core.offers AS o
FULL JOIN last AS l USING (supplier, supplier_sku)
WHERE o.status IS DISTINCT FROM l.told.status
ORDER BY supplier, supplier_sku
LIMIT 10;
