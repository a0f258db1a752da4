DELETE FROM core.supplier_states WHERE supplier = $supplier;
INSERT INTO core.supplier_states
VALUES ($supplier, $state, $last_good_at::TIMESTAMPTZ, $due_at::TIMESTAMPTZ, $now::TIMESTAMPTZ);
