SELECT c.changed_at, c.run_id, c.supplier, c.kind, change.field, change.before, change.after
FROM core.offer_changes AS c, unnest(c.changes) AS listed(change)
WHERE c.supplier_sku = $supplier_sku AND coalesce(c.supplier = $supplier, true)
ORDER BY c.supplier, c.changed_at, c.run_id, change.field;
