-- No price below its floor was ever let out, or is out, without an approval of that offer that reaches so far.
SELECT p.channel, p.supplier, p.supplier_sku, p.price, p.net_cash, p.least_profit, p.approval_id, p.run_id
FROM (
    SELECT channel, supplier, supplier_sku, after AS price, net_cash, least_profit, approval_id, NULL AS day, run_id FROM core.price_changes
    UNION ALL
    SELECT channel, supplier, supplier_sku, price, net_cash, least_profit, approval_id, day, run_id FROM core.published_prices
) AS p
LEFT JOIN core.price_approvals AS a
    ON a.id = p.approval_id AND a.channel = p.channel AND a.supplier = p.supplier AND a.supplier_sku = p.supplier_sku
    AND a.price <= p.price AND a.net_cash <= p.net_cash AND (p.day IS NULL OR p.day <= a.valid_until)
WHERE p.net_cash < p.least_profit AND a.id IS NULL
ORDER BY ALL
LIMIT 10;
