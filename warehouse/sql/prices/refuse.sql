-- What cannot be let out, and why: below the floor, with the lowest price that would not be; or no price at all.
CREATE OR REPLACE TEMP VIEW floors AS
SELECT
    {'channel': o.channel, 'supplier': o.supplier, 'supplier_sku': o.supplier_sku} AS line, o.*, 0::DECIMAL(18, 4) AS sale,
    'net_cash' AS sought, d.rule_profit AS target, d.rule_margin AS target_rate,
    (10 ** -o.minor_digits)::DECIMAL(18, 4) AS step, 0::DECIMAL(18, 4) AS ending,
    coalesce(f.price_from, 0)::DECIMAL(18, 4) AS price_from, f.price_below,
    CASE WHEN o.cargo_payer = 'buyer' THEN 0 WHEN o.carrier = '' THEN o.flat_cargo ELSE f.amount END AS cargo,
    coalesce(o.flat_return_cargo, f.amount) AS return_cargo
FROM offered AS o
JOIN (FROM decided WHERE outcome = 'refused') AS d
    ON d.channel = o.channel AND d.supplier = o.supplier AND d.supplier_sku = o.supplier_sku
LEFT JOIN tariff AS f ON f.channel = o.channel AND f.carrier = o.carrier AND f.desi = o.desi;

CREATE OR REPLACE TEMP TABLE refused AS
SELECT
    d.channel, d.supplier, d.supplier_sku, d.currency, 'below_floor' AS reason,
    'at ' || said(d.price, d.minor_digits) || ' it earns ' || said(d.net_cash, d.minor_digits) || ', expected at least '
        || said(d.least_profit, d.minor_digits) || '; ' || coalesce(
            'the lowest price that earns it is ' || said(p.price, d.minor_digits),
            'no price earns it: the fees grow as fast as the price'
        ) AS detail,
    d.rule, d.price, d.published_price, p.price AS floor_price, d.net_cash, d.least_profit
FROM decided AS d
LEFT JOIN lowest_prices('floors') AS p
    ON p.line.channel = d.channel AND p.line.supplier = d.supplier AND p.line.supplier_sku = d.supplier_sku
WHERE d.outcome = 'refused';

-- Where a rule seeks a price for a profit, nothing can be sought for a parcel that the tariff does not know.
INSERT INTO refused BY NAME
WITH wanting AS (
    SELECT
        c.*, r.rule, r.price_kind, p.price AS published_price,
        CASE
            WHEN c.reason <> 'no_price' THEN c.reason
            WHEN r.rule IS NULL THEN 'no_rule'
            WHEN r.price_kind IN ('margin', 'profit') AND r.carrier <> '' AND t.carrier IS NULL THEN 'no_tariff'
            ELSE 'no_price_possible'
        END AS why
    FROM considered('wished', false) AS c
    LEFT JOIN ruled AS r ON r.channel = c.channel AND r.supplier = c.supplier AND r.supplier_sku = c.supplier_sku
    LEFT JOIN core.published_prices AS p
        ON p.channel = c.channel AND p.supplier = c.supplier AND p.supplier_sku = c.supplier_sku
    LEFT JOIN (SELECT DISTINCT channel, carrier, desi FROM tariff) AS t
        ON t.channel = c.channel AND t.carrier = c.carrier AND t.desi = c.desi
    WHERE c.reason IS NOT NULL AND (c.reason <> 'no_price' OR r.rule IS NOT NULL OR p.price IS NOT NULL)
)

SELECT
    channel, supplier, supplier_sku, currency, why AS reason,
    CASE WHEN why = 'no_rule' THEN 'no rule fits any more; the price that is out stays until one does'
        WHEN why <> 'no_price_possible' THEN refusal(why, fault_detail, rate_fault, carrier, desi, sale, currency, minor_digits)
        WHEN price_kind = 'list_price' THEN 'the rule ' || rule || ' finds no price: the feed proposes none'
        ELSE 'the rule ' || rule || ' finds no price: none is high enough, the fees grow as fast' END AS detail,
    rule, published_price
FROM wanting;

-- What is out and is sold no more is not forgotten.
INSERT INTO refused BY NAME
SELECT
    channel, supplier, supplier_sku, currency, 'not_offered' AS reason,
    'the offer is not active any more, or the channel is switched off; the price that is out stays' AS detail, rule,
    price AS published_price
FROM core.published_prices
ANTI JOIN offered USING (channel, supplier, supplier_sku);
