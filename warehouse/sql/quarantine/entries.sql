-- Open entries, the newest first, after a place: their run, then where they stand in their file.
SELECT
    q.quarantined_at, q.run_id, q.supplier, q.source_file, q.row_number, q.supplier_sku, q.scope, q.field, q.reason,
    q.value, q.expected, q.raw
FROM raw.quarantine AS q
WHERE q.state = 'open'
    AND ($supplier IS NULL OR q.supplier = $supplier)
    AND ($suppliers IS NULL OR list_contains($suppliers::VARCHAR[], q.supplier))
    AND ($reason IS NULL OR q.reason = $reason)
    AND ($at IS NULL OR q.quarantined_at < $at OR (q.quarantined_at = $at
        AND (q.supplier, q.source_file, q.row_number, q.scope, q.field)
            > ($after_supplier, $after_file, $after_row, $after_scope, $after_field)))
ORDER BY q.quarantined_at DESC, q.supplier, q.source_file, q.row_number, q.scope, q.field
LIMIT $limit;
