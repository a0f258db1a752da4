SELECT p.*, o.title
FROM core.price_refusals AS p
LEFT JOIN core.offers AS o ON o.supplier = p.supplier AND o.supplier_sku = p.supplier_sku
WHERE ($channels IS NULL OR list_contains($channels::VARCHAR[], p.channel))
    AND ($reason IS NULL OR p.reason = $reason)
    AND ($after_channel IS NULL OR (p.channel, p.supplier, p.supplier_sku) > ($after_channel, $after_supplier, $after_sku))
ORDER BY p.channel, p.supplier, p.supplier_sku
LIMIT $limit;
