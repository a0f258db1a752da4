SELECT count(*) AS expired
FROM core.offers
WHERE supplier = $supplier AND status = 'missing' AND missing_since < $missing_before::TIMESTAMPTZ;
