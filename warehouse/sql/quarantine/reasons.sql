SELECT supplier, scope, field, reason, count(*) AS rows
FROM raw.quarantine
WHERE state = 'open' AND coalesce(supplier = $supplier, true)
GROUP BY ALL
ORDER BY rows DESC, supplier, field, reason;
