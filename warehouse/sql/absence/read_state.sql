SELECT state FROM core.supplier_states WHERE supplier = $supplier;
