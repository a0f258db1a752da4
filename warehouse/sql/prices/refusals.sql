-- The refused prices that would lose most.
SELECT
    r.channel, r.supplier, r.supplier_sku, o.title, r.currency, r.reason, r.detail, r.rule, r.price, r.published_price,
    r.floor_price, r.net_cash, r.least_profit
FROM refused AS r
LEFT JOIN core.offers AS o ON o.supplier = r.supplier AND o.supplier_sku = r.supplier_sku
ORDER BY r.net_cash - r.least_profit NULLS LAST, r.channel, r.supplier, r.supplier_sku
LIMIT $limit;
