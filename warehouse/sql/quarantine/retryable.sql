-- A row may stand here twice (refused whole, or for several values); it is read again once.
SELECT
    row_number AS _row, digest_hi AS _digest_hi, digest_lo AS _digest_lo, supplier_sku, scope, field, reason, value,
    expected, raw, raw_kind, source_file
FROM raw.quarantine
WHERE supplier = $supplier AND state = 'open' AND raw_kind IN ('fields', 'text')
QUALIFY row_number() OVER (PARTITION BY source_file, row_number, digest_hi, digest_lo, raw ORDER BY scope DESC, field) = 1
ORDER BY source_file, row_number;
