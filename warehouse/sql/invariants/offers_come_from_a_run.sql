-- The run that last wrote an offer is one that was applied.
SELECT o.supplier, o.supplier_sku, o.run_id
FROM core.offers AS o
ANTI JOIN core.feed_runs AS r ON r.run_id = o.run_id AND r.supplier = o.supplier
ORDER BY ALL
LIMIT 10;
