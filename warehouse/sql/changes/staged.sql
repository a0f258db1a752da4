SELECT supplier_sku, kind, changes FROM delta.changes ORDER BY kind, supplier_sku LIMIT $limit;
