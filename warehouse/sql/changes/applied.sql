SELECT supplier_sku, kind, changes
FROM core.offer_changes
WHERE run_id = $run_id
ORDER BY kind, supplier_sku
LIMIT $limit;
