-- No price below its floor was ever let out without an approval.
SELECT channel, supplier, supplier_sku, after AS price, net_cash, least_profit, run_id
FROM core.price_changes
WHERE net_cash < least_profit AND approval_id IS NULL
ORDER BY run_id, channel, supplier, supplier_sku
LIMIT 10;
