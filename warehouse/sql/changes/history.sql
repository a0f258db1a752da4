SELECT changed_at, run_id, supplier, kind, field, before, after
FROM core.offer_changes
WHERE supplier_sku = $supplier_sku AND coalesce(supplier = $supplier, true)
ORDER BY supplier, changed_at, run_id, field;
