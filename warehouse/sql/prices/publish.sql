-- Lets prices out. The guard stands here: what was refused is no row of `leaving`, and nothing else writes these tables.
CREATE OR REPLACE TEMP TABLE leaving AS
FROM decided WHERE outcome IN ('new', 'raised', 'lowered') AND (net_cash >= least_profit OR approval_id IS NOT NULL);

DELETE FROM core.published_prices
WHERE (channel, supplier, supplier_sku) IN (SELECT (channel, supplier, supplier_sku) FROM leaving);
INSERT INTO core.published_prices BY NAME
SELECT
    channel, supplier, supplier_sku, currency, price, net_cash, least_profit, approval_id, rule,
    $rules_version AS rules_version, offer_cost, offer_list_price, exchange_rate, bulletin, $day::DATE AS day,
    coalesce(day_price, price) AS day_price, $run_id AS run_id, $at AS published_at
FROM leaving;

INSERT INTO core.price_changes BY NAME
SELECT
    channel, supplier, supplier_sku, currency, published_price AS before, price AS after, cause, rule,
    $rules_version AS rules_version, net_cash, least_profit, approval_id, bulletin, $run_id AS run_id, $at AS changed_at
FROM leaving;

-- The words by which something went out below its floor are kept beside it.
INSERT INTO core.price_approvals BY NAME
SELECT id, channel, supplier, supplier_sku, price, net_cash, valid_until::DATE AS valid_until, $run_id AS run_id
FROM approvals
WHERE id IN (SELECT approval_id FROM leaving) AND id NOT IN (SELECT id FROM core.price_approvals);

DELETE FROM core.price_refusals;
INSERT INTO core.price_refusals BY NAME
SELECT *, $run_id AS run_id, $at AS refused_at FROM refused;
