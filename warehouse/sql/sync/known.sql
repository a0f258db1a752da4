-- Records of the last feed that can be told by their bytes. One that came more than once, lost a key to another record or kept
-- one from it has to be read again every time, for what becomes of it depends on the others.
CREATE TEMP TABLE IF NOT EXISTS unsure AS
WITH refused AS (
    SELECT digest_hi, digest_lo, supplier_sku, reason, source_file, row_number
    FROM raw.quarantine
    WHERE supplier = $supplier AND state = 'open' AND scope = 'row'
),
losing AS (
    SELECT digest_hi, digest_lo
    FROM refused
    GROUP BY ALL
    HAVING bool_or(reason = 'duplicate_sku') OR count(DISTINCT (source_file, row_number)) > 1
)
SELECT DISTINCT r.digest_hi, r.digest_lo
FROM raw.records AS r
WHERE r.supplier = $supplier AND (
    r.supplier_sku IN (SELECT supplier_sku FROM refused WHERE reason = 'duplicate_sku')
    OR (r.digest_hi, r.digest_lo) IN (SELECT (digest_hi, digest_lo) FROM losing)
);

SELECT r.digest_hi, r.digest_lo
FROM raw.records AS r
ANTI JOIN unsure AS u ON u.digest_lo = r.digest_lo AND u.digest_hi = r.digest_hi
WHERE r.supplier = $supplier
ORDER BY r.digest_lo, r.digest_hi;
