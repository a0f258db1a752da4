SELECT supplier_sku, before, after FROM core.offer_changes WHERE kind = 'changed' AND field = 'cost' LIMIT 5
