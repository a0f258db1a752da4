-- Some of the offers that a staged delta changes, each with the fields that differ; chosen first, as of applied ones.
WITH shown AS (
    SELECT supplier_sku
    FROM delta.differing
    ORDER BY kind, supplier_sku
    LIMIT $limit
)
SELECT
    supplier_sku, kind,
    list({'field': field, 'before': before, 'after': after} ORDER BY field = 'status' DESC, field) AS changes
FROM delta.changes
SEMI JOIN shown USING (supplier_sku)
GROUP BY supplier_sku, kind
ORDER BY kind, supplier_sku;
