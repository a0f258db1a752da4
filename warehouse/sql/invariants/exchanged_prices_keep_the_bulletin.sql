-- What was exchanged names the bulletin of its rate.
SELECT channel, supplier, supplier_sku, exchange_rate, run_id
FROM core.margins
WHERE exchange_rate <> 1 AND bulletin IS NULL
ORDER BY channel, supplier, supplier_sku
LIMIT 10;
