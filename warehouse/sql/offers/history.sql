-- What happened to one offer, the newest first, before a place.
SELECT changed_at, run_id, kind, field, before, after
FROM core.offer_changes
WHERE supplier = $supplier AND supplier_sku = $supplier_sku
    AND ($at IS NULL OR changed_at < $at
        OR (changed_at = $at AND (run_id < $run_id OR (run_id = $run_id AND field > $field))))
ORDER BY changed_at DESC, run_id DESC, field
LIMIT $limit;
