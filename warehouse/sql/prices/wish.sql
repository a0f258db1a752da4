-- Every offer on every channel with the rule that it falls to, and with the price it was last let out at.
CREATE OR REPLACE TEMP VIEW ruled AS
SELECT
    o.*, r.* EXCLUDE (channel, supplier, brand, category, cost_from, cost_below, desi_from, desi_below, step, ending),
    on_coins(r.step, o.minor_digits, true) AS step, on_coins(r.ending, o.minor_digits, false) AS ending, p.price AS published_price, CASE WHEN p.day = $day::DATE THEN p.day_price ELSE p.price END AS day_price,
    p.offer_cost AS published_cost, p.offer_list_price AS published_list, p.exchange_rate AS published_rate, p.rules_version AS published_rules
FROM offered AS o
JOIN rules AS r
    ON r.channel = o.channel AND r.supplier = o.term_supplier AND r.brand = o.term_brand AND r.category = o.term_category
    AND o.cost >= r.cost_from AND o.cost < r.cost_below AND o.desi >= r.desi_from AND o.desi < r.desi_below
LEFT JOIN core.published_prices AS p
    ON p.channel = o.channel AND p.supplier = o.supplier AND p.supplier_sku = o.supplier_sku
WHERE o.fault IS NULL AND o.vat_rate IS NOT NULL AND is_held(o.cost);

-- What a rule of a margin or a profit asks of the formula, once for every band of the cargo tariff.
CREATE OR REPLACE TEMP VIEW solved AS
SELECT
    {'channel': r.channel, 'supplier': r.supplier, 'supplier_sku': r.supplier_sku} AS line, r.*, 0::DECIMAL(18, 4) AS sale,
    'net_cash' AS sought, r.price_amount AS target, r.price_rate AS target_rate,
    coalesce(f.price_from, 0)::DECIMAL(18, 4) AS price_from, f.price_below,
    CASE WHEN r.cargo_payer = 'buyer' THEN 0 WHEN r.carrier = '' THEN r.flat_cargo ELSE f.amount END AS cargo,
    coalesce(r.flat_return_cargo, f.amount) AS return_cargo
FROM ruled AS r
LEFT JOIN tariff AS f ON f.channel = r.channel AND f.carrier = r.carrier AND f.desi = r.desi
WHERE r.price_kind IN ('margin', 'profit') AND (r.carrier = '' OR f.amount IS NOT NULL);

-- What each rule wishes for, before the day's largest step.
CREATE OR REPLACE TEMP TABLE wished AS
WITH wishes AS (
    SELECT
        r.*,
        CASE r.price_kind
            WHEN 'markup' THEN r.cost * (100 + r.price_rate) * 0.01
            WHEN 'list_price' THEN CASE WHEN is_held(r.list_sale) THEN r.list_sale * (100 + r.price_rate) * 0.01 END
            ELSE s.price
        END AS wish
    FROM ruled AS r
    LEFT JOIN lowest_prices('solved') AS s
        ON s.line.channel = r.channel AND s.line.supplier = r.supplier AND s.line.supplier_sku = r.supplier_sku
),

placed AS (
    SELECT
        *,
        grid_above(
            CASE WHEN is_held(list_sale) AND advertised_rate IS NOT NULL THEN rounded(list_sale * advertised_rate * 0.01, minor_digits)
                ELSE 0 END,
            step, ending
        ) AS advertised,
        grid_above(greatest(rounded(wish, minor_digits), (10 ** -minor_digits)::DECIMAL(18, 4)), step, ending) AS sought
    FROM wishes
    WHERE wish > 0
),

-- What a supplier lets be advertised counts before the day's largest step.
stepped AS (
    SELECT
        *, greatest(sought, advertised) AS price,
        CASE
            WHEN sought > day_price * (100 + largest_step_rate) * 0.01
                THEN greatest(grid_below(day_price * (100 + largest_step_rate) * 0.01, step, ending), day_price)
            WHEN sought < day_price * (100 - largest_step_rate) * 0.01
                THEN least(grid_above(day_price * (100 - largest_step_rate) * 0.01, step, ending), day_price)
            ELSE sought
        END AS stepped
    FROM placed
)

SELECT
    channel, supplier, supplier_sku, greatest(stepped, advertised) AS price, price AS unbounded, rule_number, least_profit,
    least_margin_rate, published_price, day_price, published_cost, published_list, published_rate, published_rules
FROM stepped;
