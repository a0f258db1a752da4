-- Every offer on every channel with what it costs there, before anything is known of its price.
CREATE OR REPLACE TEMP VIEW offered AS
WITH met AS (
    SELECT
        t.* EXCLUDE (supplier, brand, category, vat_rate, vat_rate_otherwise, desi, return_cargo, cargo, assumed),
        s.supplier, s.supplier_sku, s.currency AS offer_currency, s.cost AS offer_cost, s.list_price, s.term_supplier,
        s.term_brand, s.term_category, coalesce(t.vat_rate, s.vat_rate, t.vat_rate_otherwise) AS vat_rate,
        coalesce(s.vat_rate, t.vat_rate, t.vat_rate_otherwise) AS cost_vat_rate,
        CASE WHEN t.vat_rate IS NULL AND s.vat_rate IS NULL THEN concat_ws(', ', t.assumed, 'vat_rate') ELSE t.assumed END
            AS assumed,
        coalesce(s.vat_included, t.cost_vat_included) AS vat_included, t.cargo AS flat_cargo, t.return_cargo AS flat_return_cargo,
        billed_desi(s.desi, s.length_cm, s.width_cm, s.height_cm, s.weight_g, t.desi) AS desi, x.rate AS exchange_rate,
        x.bulletin, x.fault AS rate_fault
    FROM sellable AS s
    JOIN terms AS t
        ON t.supplier = s.term_supplier AND t.brand = s.term_brand AND t.category = s.term_category
    LEFT JOIN exchange AS x ON x.channel = t.channel AND x.currency = s.currency
),

exchanged AS (
    SELECT
        *, converted(offer_cost, exchange_rate, minor_digits) AS exchanged_cost,
        converted(list_price, exchange_rate, minor_digits) AS exchanged_list
    FROM met
)

SELECT
    * EXCLUDE (exchanged_cost, exchanged_list),
    with_vat(exchanged_cost, vat_included, cost_vat_rate, minor_digits) AS cost,
    with_vat(exchanged_list, vat_included, vat_rate, minor_digits) AS list_sale
FROM exchanged;

-- The same at the prices of a relation (channel, supplier, supplier_sku, price and whatever else), with the cargo of that
-- price, or with the reason why there is no margin. What has no price there is taken at its list price, if `listed`.
CREATE OR REPLACE TEMP MACRO considered(prices, listed) AS TABLE
WITH priced AS (
    SELECT
        o.*, p.* EXCLUDE (channel, supplier, supplier_sku, price), p.price AS given_price, coalesce(p.price, CASE WHEN listed THEN o.list_sale END) AS sale
    FROM offered AS o
    LEFT JOIN query_table(prices) AS p
        ON p.channel = o.channel AND p.supplier = o.supplier AND p.supplier_sku = o.supplier_sku
),

carried AS (
    SELECT
        p.*,
        CASE WHEN p.cargo_payer = 'buyer' THEN 0 WHEN p.carrier = '' THEN p.flat_cargo ELSE f.amount END AS cargo,
        coalesce(p.flat_return_cargo, f.amount) AS return_cargo
    FROM priced AS p
    LEFT JOIN tariff AS f
        ON f.channel = p.channel AND f.carrier = p.carrier AND f.desi = p.desi AND p.sale >= f.price_from
        AND p.sale < f.price_below
)

SELECT
    *,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN vat_rate IS NULL THEN 'no_vat_rate'
        WHEN offer_cost IS NULL THEN 'no_cost'
        WHEN exchange_rate IS NULL THEN 'no_rate'
        WHEN desi IS NULL THEN 'desi_too_large'
        WHEN NOT coalesce(is_held(cost) AND is_held(coalesce(sale, 0)), false) THEN 'amount_too_large'
        WHEN sale IS NULL OR sale = 0 THEN 'no_price'
        WHEN cargo IS NULL OR return_cargo IS NULL THEN 'no_tariff'
    END AS reason
FROM carried;

CREATE OR REPLACE TEMP VIEW present_prices AS SELECT channel, supplier, supplier_sku, price FROM core.published_prices;
CREATE OR REPLACE TEMP VIEW present AS FROM considered('present_prices', true);
CREATE OR REPLACE TEMP VIEW present_lines AS
SELECT
    {
        'channel': channel, 'supplier': supplier, 'supplier_sku': supplier_sku, 'currency': currency,
        'price_kind': CASE WHEN given_price IS NULL THEN 'list' ELSE 'published' END, 'desi': desi, 'carrier': carrier,
        'exchange_rate': exchange_rate, 'bulletin': bulletin, 'assumed': assumed
    } AS line,
    *
FROM present
WHERE reason IS NULL;
