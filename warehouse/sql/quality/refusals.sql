-- The supplier's open quarantine by what was wrong, most rows first, each with its first few rows as they were received.
SELECT
    scope, field, reason, any_value(expected) AS expected, count(*) AS rows,
    min_by(
        {'row_number': row_number, 'supplier_sku': supplier_sku, 'value': value, 'raw': left(raw, $longest)}, row_number, $examples
    ) AS examples
FROM raw.quarantine
WHERE supplier = $supplier AND state = 'open'
GROUP BY scope, field, reason
ORDER BY rows DESC, scope, field, reason
LIMIT $groups;
