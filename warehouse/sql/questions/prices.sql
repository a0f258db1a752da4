SELECT supplier_sku, unnest(changes, recursive := true) FROM core.offer_changes WHERE kind = 'changed' LIMIT 5
