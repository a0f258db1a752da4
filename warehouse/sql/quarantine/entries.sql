SELECT
    q.quarantined_at, q.run_id, q.supplier, q.source_file, q.row_number, q.supplier_sku, q.scope, q.field, q.reason,
    q.value, q.expected, q.raw
FROM raw.quarantine AS q
WHERE q.state = 'open' AND coalesce(q.supplier = $supplier, true) AND coalesce(q.reason = $reason, true)
ORDER BY q.quarantined_at DESC, q.supplier, q.source_file, q.row_number
LIMIT $limit;
