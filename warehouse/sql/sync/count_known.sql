SELECT count(*) AS records FROM raw.records WHERE supplier = $supplier;
