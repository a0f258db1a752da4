SELECT supplier, supplier_sku, title
FROM core.offers
WHERE list_contains($keys::VARCHAR[], supplier || '/' || supplier_sku);
