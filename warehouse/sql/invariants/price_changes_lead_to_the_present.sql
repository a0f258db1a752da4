-- The last change of a price leads to the price that is out, with what it earned, had to earn and was allowed by.
SELECT
    coalesce(p.channel, c.channel) AS channel, coalesce(p.supplier, c.supplier) AS supplier,
    coalesce(p.supplier_sku, c.supplier_sku) AS supplier_sku, p.price, c.last.price AS after
FROM core.published_prices AS p
FULL JOIN (
    SELECT
        channel, supplier, supplier_sku,
        arg_max(
            {'price': after, 'net_cash': net_cash, 'least_profit': least_profit, 'approval_id': approval_id}, (changed_at, run_id)
        ) AS last
    FROM core.price_changes
    GROUP BY channel, supplier, supplier_sku
) AS c ON c.channel = p.channel AND c.supplier = p.supplier AND c.supplier_sku = p.supplier_sku
WHERE {'price': p.price, 'net_cash': p.net_cash, 'least_profit': p.least_profit, 'approval_id': p.approval_id}
    IS DISTINCT FROM c.last
ORDER BY ALL
LIMIT 10;
