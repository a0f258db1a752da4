SELECT kind, count(DISTINCT supplier_sku)
FROM core.offer_changes
WHERE run_id = $run_id
GROUP BY kind
ORDER BY kind;
