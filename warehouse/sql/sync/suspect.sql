DELETE FROM raw.suspected_absences WHERE supplier = $supplier;
INSERT INTO raw.suspected_absences
SELECT $supplier, supplier_sku, $run_id, $now::TIMESTAMPTZ
FROM delta.differing
WHERE kind = 'missing';
