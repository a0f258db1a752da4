SELECT supplier, scope, field, reason, count(*) AS rows
FROM raw.quarantine
WHERE state = 'open'
    AND ($supplier IS NULL OR supplier = $supplier)
    AND ($suppliers IS NULL OR list_contains($suppliers::VARCHAR[], supplier))
GROUP BY ALL
ORDER BY rows DESC, supplier, scope, field, reason;
