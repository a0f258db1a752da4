-- Some of the offers that a run changed, each with the fields that differ. Chosen first: all of them need not fit in memory.
WITH shown AS (
    SELECT DISTINCT kind, supplier_sku
    FROM core.offer_changes
    WHERE run_id = $run_id
    ORDER BY kind, supplier_sku
    LIMIT $limit
)
SELECT
    supplier_sku, kind,
    list({'field': field, 'before': before, 'after': after} ORDER BY field = 'status' DESC, field) AS changes
FROM core.offer_changes
SEMI JOIN shown USING (supplier_sku)
WHERE run_id = $run_id
GROUP BY supplier_sku, kind
ORDER BY kind, supplier_sku;
