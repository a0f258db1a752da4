-- An offer is not missing while its supplier's feed holds it.
SELECT o.supplier, o.supplier_sku, o.missing_since
FROM core.offers AS o
SEMI JOIN raw.records AS r ON r.supplier = o.supplier AND r.supplier_sku = o.supplier_sku AND r.accepted
WHERE o.status = 'missing'
ORDER BY ALL
LIMIT 10;
