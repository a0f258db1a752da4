-- Only an offer that is still active can be suspected to be absent.
SELECT a.supplier, a.supplier_sku, a.run_id, o.status
FROM raw.suspected_absences AS a
LEFT JOIN core.offers AS o USING (supplier, supplier_sku)
WHERE o.status IS DISTINCT FROM 'active'
ORDER BY a.supplier, a.supplier_sku
LIMIT 10;
