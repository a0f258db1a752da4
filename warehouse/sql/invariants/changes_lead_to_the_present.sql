-- The last change of an offer's status is the status it has; an offer that the change feed knows is there, unless withdrawn.
WITH last AS (
    SELECT supplier, supplier_sku, arg_max({'status': after}, (changed_at, run_id)) AS told
    FROM core.offer_changes
    WHERE field = 'status'
    GROUP BY supplier, supplier_sku
)
SELECT supplier, supplier_sku, o.status, l.told.status AS told_status
FROM core.offers AS o
FULL JOIN last AS l USING (supplier, supplier_sku)
WHERE o.status IS DISTINCT FROM l.told.status
ORDER BY supplier, supplier_sku
LIMIT 10;
