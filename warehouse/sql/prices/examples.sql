-- Some offers of each outcome: those whose price moves most.
SELECT
    d.outcome, d.channel, d.supplier, d.supplier_sku, o.title, d.currency, d.published_price AS before, d.price AS after, d.rule,
    d.cause, d.net_cash, d.least_profit
FROM decided AS d
LEFT JOIN core.offers AS o ON o.supplier = d.supplier AND o.supplier_sku = d.supplier_sku
WHERE d.outcome <> 'unchanged'
QUALIFY row_number() OVER (
    PARTITION BY d.outcome
    ORDER BY abs(d.price - coalesce(d.published_price, 0)) / d.price DESC, d.channel, d.supplier, d.supplier_sku
) <= $limit
ORDER BY d.outcome, abs(d.price - coalesce(d.published_price, 0)) / d.price DESC, d.channel, d.supplier, d.supplier_sku;
