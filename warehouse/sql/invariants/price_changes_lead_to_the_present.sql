-- The last change of a price leads to the price that is out.
SELECT
    coalesce(p.channel, c.channel) AS channel, coalesce(p.supplier, c.supplier) AS supplier,
    coalesce(p.supplier_sku, c.supplier_sku) AS supplier_sku, p.price, c.after
FROM core.published_prices AS p
FULL JOIN (
    SELECT channel, supplier, supplier_sku, arg_max(after, (changed_at, run_id)) AS after
    FROM core.price_changes
    GROUP BY channel, supplier, supplier_sku
) AS c ON c.channel = p.channel AND c.supplier = p.supplier AND c.supplier_sku = p.supplier_sku
WHERE p.price IS DISTINCT FROM c.after
ORDER BY ALL
LIMIT 10;
