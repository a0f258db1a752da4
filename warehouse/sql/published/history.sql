SELECT *
FROM core.price_changes
WHERE channel = $channel AND supplier = $supplier AND supplier_sku = $supplier_sku
ORDER BY changed_at DESC, run_id DESC
LIMIT $limit;
