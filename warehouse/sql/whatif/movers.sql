-- The lines that would lose most of what they earn.
SELECT c.channel, c.supplier, c.supplier_sku, o.title, c.currency, c.sale, c.before, c.after, c.after - c.before AS difference
FROM compared AS c
LEFT JOIN core.offers AS o ON o.supplier = c.supplier AND o.supplier_sku = c.supplier_sku
ORDER BY c.after - c.before, c.channel, c.supplier, c.supplier_sku
LIMIT $limit;
