-- The same of a delta that is not applied: what its feed brought that had not been refused before.
SELECT
    scope, field, reason, any_value(expected) AS expected, count(*) AS rows,
    min_by(
        {'row_number': _row, 'supplier_sku': supplier_sku, 'value': value, 'raw': left(raw, $longest)}, _row, $examples
    ) AS examples
FROM delta.refusals
GROUP BY scope, field, reason
ORDER BY rows DESC, scope, field, reason
LIMIT $groups;
