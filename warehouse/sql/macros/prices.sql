-- The lowest price at which a line earns what it should, where there is one.
--
-- Asked of lines as `margins` takes them, with more columns: `sought` (`net_cash` or `net_economic`), `target` and
-- `target_rate` (the line shall earn that amount, and per cent of the price without VAT on top), the grid that prices stand on (`step` and `ending`: 1.00 and 0.90 for 12.90, 13.90, …) and the band in which the cargo is what it is
-- (`price_from`, and `price_below` or NULL). A line may come with several bands; the sale it comes with counts for nothing.
-- Of each band the prices come from the lowest on.
--
-- Without rounding, profit is the lower of two straight lines in the price, one with the VAT that has to be paid and one
-- without; where both reach the target is a guess that rounding moves by a few minor units, as `slack` bounds it. Every price
-- of the grid that near is then tried with the formula itself.
--
-- Where less than a ten-thousandth of a price is left, or the guess is beyond ten thousand millions, no price is high enough:
-- there would be more prices to try than anybody waits for, and figures that the formula cannot hold.
CREATE OR REPLACE TEMP MACRO fitting_prices(lines) AS TABLE
WITH shares AS (
    SELECT
        *,
        (10 ** -minor_digits)::DOUBLE AS minor,
        1 / (1 + vat_rate::DOUBLE / 100) AS kept,
        1 / (1 + service_vat_rate::DOUBLE / 100) AS service_kept,
        commission_rate::DOUBLE / 100 * CASE WHEN commission_base = 'net' THEN kept ELSE 1 END
            * CASE WHEN commission_vat = 'added' THEN 1 / service_kept ELSE 1 END AS commission,
        commission * CASE WHEN commission_vat = 'none' THEN 1 ELSE service_kept END AS commission_net,
        export_fee_rate::DOUBLE / 100 AS export_fee,
        financing_rate::DOUBLE / 100 * payment_days / 365
            + CASE WHEN sought = 'net_cash' THEN withholding_rate::DOUBLE / 100 * kept ELSE 0 END
            + target_rate::DOUBLE / 100 * kept AS rest,
        1 - commission - export_fee - rest AS slope_gross,
        kept - CASE WHEN vat_credit THEN commission_net + export_fee * service_kept ELSE commission + export_fee END
            - rest AS slope,
        cost::DOUBLE AS cost_gross, (cargo + service_fee + other_costs)::DOUBLE AS charged
    FROM query_table(lines)
),

guessed AS (
    SELECT
        *,
        greatest(
            (target::DOUBLE + cost_gross + charged) / slope_gross,
            (target::DOUBLE + CASE
                WHEN vat_credit THEN cost_gross / (1 + cost_vat_rate::DOUBLE / 100) + charged * service_kept
                ELSE cost_gross + charged
            END) / slope
        ) AS guess,
        8 * minor / least(slope, slope_gross) + step::DOUBLE AS slack
    FROM shares
    WHERE least(slope, slope_gross) > 0.0001
),

placed AS (
    SELECT
        * EXCLUDE (sale),
        unnest(range(
            ceil((greatest(guess - slack, price_from::DOUBLE, minor) - ending::DOUBLE) / step::DOUBLE - 1e-6)::BIGINT,
            floor((greatest(guess, price_from::DOUBLE) + slack - ending::DOUBLE) / step::DOUBLE + 1e-6)::BIGINT + 1
        )) AS place
    FROM guessed
    WHERE guess + slack < 1e10
),

candidates AS (
    SELECT
        {'line': line, 'price': sale, 'sought': sought, 'target': target, 'rate': target_rate} AS line,
        * EXCLUDE (line)
    FROM (SELECT *, (place * step + ending)::DECIMAL(18, 4) AS sale FROM placed)
    WHERE sale >= price_from AND (price_below IS NULL OR sale < price_below)
)

SELECT line.line AS line, line.price AS price
FROM margins(candidates)
WHERE CASE line.sought WHEN 'net_cash' THEN net_cash ELSE net_economic END >= line.target + sale_net * line.rate * 0.01;

CREATE OR REPLACE TEMP MACRO lowest_prices(lines) AS TABLE
SELECT line, min(price) AS price FROM fitting_prices(lines) GROUP BY line;
