-- What each wished price would earn, and whether that is enough.
CREATE OR REPLACE TEMP MACRO wished_lines(prices) AS TABLE
SELECT
    {
        'channel': channel, 'supplier': supplier, 'supplier_sku': supplier_sku, 'currency': currency,
        'minor_digits': minor_digits, 'rule_number': rule_number, 'rule_profit': least_profit, 'rule_margin': least_margin_rate,
        'unbounded': unbounded, 'published_price': published_price, 'day_price': day_price, 'published_cost': published_cost,
        'published_list': published_list, 'published_rate': published_rate, 'published_rules': published_rules,
        'offer_cost': offer_cost, 'offer_list_price': list_price, 'exchange_rate': exchange_rate, 'bulletin': bulletin
    } AS line,
    *
FROM considered(prices, false)
WHERE reason IS NULL AND given_price IS NOT NULL;

CREATE OR REPLACE TEMP MACRO judged_of(lines) AS TABLE
SELECT
    line.*, sale AS price, net_cash,
    rounded(line.rule_profit + sale_net * line.rule_margin * 0.01, line.minor_digits) AS least_profit
FROM margins(lines);

CREATE OR REPLACE TEMP VIEW first_lines AS FROM wished_lines('wished');
CREATE OR REPLACE TEMP TABLE judged AS FROM judged_of('first_lines');

-- Where the day's largest step would end below the floor, the floor comes first: the price goes as far as that, or all the way.
CREATE OR REPLACE TEMP TABLE short AS
SELECT channel, supplier, supplier_sku FROM judged WHERE net_cash < least_profit AND unbounded > price;

CREATE OR REPLACE TEMP VIEW short_lines AS
SELECT
    {'channel': r.channel, 'supplier': r.supplier, 'supplier_sku': r.supplier_sku} AS line, r.*, 0::DECIMAL(18, 4) AS sale,
    'net_cash' AS sought, r.least_profit AS target, r.least_margin_rate AS target_rate,
    coalesce(f.price_from, 0)::DECIMAL(18, 4) AS price_from, f.price_below,
    CASE WHEN r.cargo_payer = 'buyer' THEN 0 WHEN r.carrier = '' THEN r.flat_cargo ELSE f.amount END AS cargo,
    coalesce(r.flat_return_cargo, f.amount) AS return_cargo
FROM ruled AS r
JOIN short USING (channel, supplier, supplier_sku)
LEFT JOIN tariff AS f ON f.channel = r.channel AND f.carrier = r.carrier AND f.desi = r.desi
WHERE r.carrier = '' OR f.amount IS NOT NULL;

CREATE OR REPLACE TEMP TABLE again AS
SELECT w.* REPLACE (least(w.unbounded, greatest(w.price, coalesce(p.price, w.unbounded))) AS price)
FROM wished AS w
JOIN short USING (channel, supplier, supplier_sku)
LEFT JOIN lowest_prices('short_lines') AS p
    ON p.line.channel = w.channel AND p.line.supplier = w.supplier AND p.line.supplier_sku = w.supplier_sku;
CREATE OR REPLACE TEMP VIEW again_lines AS FROM wished_lines('again');
DELETE FROM judged WHERE net_cash < least_profit AND unbounded > price;
INSERT INTO judged FROM judged_of('again_lines');

-- A price below its floor goes out only down to what a person has approved for the offer: the price, and what it earns.
CREATE OR REPLACE TEMP TABLE decided AS
SELECT
    j.*, r.rule,
    CASE WHEN j.net_cash < j.least_profit THEN a.id END AS approval_id,
    CASE
        WHEN j.net_cash < j.least_profit AND a.id IS NULL THEN 'refused'
        WHEN j.published_price IS NULL THEN 'new'
        WHEN j.price > j.published_price THEN 'raised'
        WHEN j.price < j.published_price THEN 'lowered'
        ELSE 'unchanged'
    END AS outcome,
    CASE
        WHEN j.published_price IS NULL THEN 'new'
        WHEN j.net_cash < j.least_profit THEN 'approval'
        WHEN j.published_rules <> $rules_version THEN 'rules'
        WHEN j.published_cost <> j.offer_cost THEN 'cost'
        WHEN j.published_list IS DISTINCT FROM j.offer_list_price THEN 'list_price'
        WHEN j.published_rate <> j.exchange_rate THEN 'rate'
        WHEN j.published_price <> j.day_price OR j.price <> j.unbounded THEN 'step'
        ELSE 'terms'
    END AS cause
FROM judged AS j
JOIN (SELECT DISTINCT rule_number, rule FROM rules) AS r USING (rule_number)
LEFT JOIN (
    SELECT j.channel, j.supplier, j.supplier_sku, max(a.id) AS id
    FROM judged AS j
    JOIN approvals AS a
        ON a.channel = j.channel AND a.supplier = j.supplier AND a.supplier_sku = j.supplier_sku AND a.price <= j.price
        AND a.net_cash <= j.net_cash
    GROUP BY j.channel, j.supplier, j.supplier_sku
) AS a ON a.channel = j.channel AND a.supplier = j.supplier AND a.supplier_sku = j.supplier_sku;
