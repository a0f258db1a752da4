-- What happened to one price, the newest first, before a place.
SELECT *
FROM core.price_changes
WHERE channel = $channel AND supplier = $supplier AND supplier_sku = $supplier_sku
    AND ($at IS NULL OR changed_at < $at OR (changed_at = $at AND run_id < $run_id))
ORDER BY changed_at DESC, run_id DESC
LIMIT $limit;
