-- Records of the last feed, and whether each can be told by its bytes: a record that came more than once, or lost a key
-- to another record, has to be read again every time, for what becomes of it depends on the others.
WITH unsure AS (
    SELECT digest_hi, digest_lo
    FROM raw.quarantine
    WHERE supplier = $supplier AND state = 'open' AND scope = 'row'
    GROUP BY ALL
    HAVING bool_or(reason = 'duplicate_sku') OR count(DISTINCT (source_file, row_number)) > 1
)
SELECT r.digest_hi, r.digest_lo, u.digest_lo IS NULL AS sure
FROM raw.records AS r
LEFT JOIN unsure AS u ON u.digest_lo = r.digest_lo AND u.digest_hi = r.digest_hi
WHERE r.supplier = $supplier
ORDER BY r.digest_lo, r.digest_hi;
