-- What the run would do to the supplier's offers, in numbers: for the counts and for the gate.
WITH
had AS (
    SELECT
        count(*) AS active_before,
        count(*) FILTER (cost IS NOT NULL OR list_price IS NOT NULL) AS priced_before,
        count(*) FILTER (stock > 0) AS in_stock_before
    FROM core.offers
    WHERE supplier = $supplier AND status = 'active'
),
known AS (
    SELECT count(*) FILTER (accepted) AS known_accepted, count(*) FILTER (NOT accepted) AS known_refused
    FROM raw.records AS r
    ANTI JOIN delta.absent AS a ON a.digest_lo = r.digest_lo AND a.digest_hi = r.digest_hi
    WHERE r.supplier = $supplier
),
staged AS (
    SELECT
        count(*) AS staged_accepted,
        count(*) FILTER (
            title LIKE '%' || chr(65533) || '%' OR description LIKE '%' || chr(65533) || '%'
            OR regexp_matches(title, '[ÃÄÅ][\x{0080}-\x{00BF}]')
        ) AS noisy
    FROM delta.offers
),
refused AS (
    SELECT
        count(*) FILTER (scope = 'row') AS staged_refused,
        count(*) FILTER (scope = 'field') AS withheld,
        count(*) FILTER (reason = 'duplicate_sku') AS duplicates
    FROM delta.refusals
),
lost_to_quarantine AS (
    SELECT count(*) AS unreadable
    FROM core.offers
    WHERE supplier = $supplier AND status = 'active' AND supplier_sku IN (
        SELECT supplier_sku FROM delta.refusals WHERE scope = 'row' AND reason <> 'duplicate_sku'
    )
),
kinds AS (
    SELECT
        count(*) FILTER (kind = 'new') AS new,
        count(*) FILTER (kind IN ('changed', 'returned')) AS changed,
        count(*) FILTER (kind = 'missing') AS missing,
        count(*) FILTER (kind = 'deleted') AS deleted
    FROM delta.differing
),
pairs AS (
    SELECT
        coalesce(b.cost, b.list_price) IS NOT NULL AND coalesce(w.cost, w.list_price) IS NULL AS price_lost,
        b.stock > 0 AND w.stock = 0 AS sold_out,
        CASE
            WHEN b.cost > 0 AND w.cost <> b.cost THEN w.cost / b.cost
            WHEN b.list_price > 0 AND w.list_price <> b.list_price THEN w.list_price / b.list_price
        END AS ratio
    FROM delta.writes AS w
    JOIN delta.before AS b USING (supplier_sku)
    WHERE w.status = 'active' AND b.status = 'active'
),
moved AS (
    SELECT
        count(*) FILTER (price_lost) AS price_lost,
        count(*) FILTER (sold_out) AS sold_out,
        count(ratio) AS price_changes,
        median(ratio) AS median_ratio,
        count(*) FILTER (abs(ratio / 10 - 1) < 0.02) AS times_10,
        count(*) FILTER (abs(ratio / 100 - 1) < 0.02) AS times_100,
        count(*) FILTER (abs(ratio / 1000 - 1) < 0.02) AS times_1000,
        count(*) FILTER (abs(ratio * 10 - 1) < 0.02) AS by_10,
        count(*) FILTER (abs(ratio * 100 - 1) < 0.02) AS by_100,
        count(*) FILTER (abs(ratio * 1000 - 1) < 0.02) AS by_1000
    FROM pairs
)
SELECT * FROM had, known, staged, refused, lost_to_quarantine, kinds, moved;
