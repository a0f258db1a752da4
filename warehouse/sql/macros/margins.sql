-- The margin of every line of a relation. The formula stands here and nowhere else.
--
-- Amounts are those of the whole line, in one currency, with VAT where VAT is due; rates are per cent. Every amount that
-- is computed is rounded half up to the minor unit, once; a VAT is what lies between two amounts and is not rounded.
-- To be exact without DECIMAL's division, which is a floating one, amounts are counted here in 1/10000 of the currency's
-- unit (as DECIMAL(18, 4) keeps them), rates in basis points, and `quantum` is the minor unit: 100 for TRY, 10 for KWD.

-- dividend ÷ divisor, rounded half up to the quantum.
CREATE OR REPLACE TEMP MACRO half_up(dividend, divisor, quantum) AS
    (2 * dividend + divisor * quantum) // (2 * divisor * quantum) * quantum;

-- The same of amount × factor, which 64 bits would not hold.
CREATE OR REPLACE TEMP MACRO half_up_product(amount, factor, divisor, quantum) AS (
    (2 * amount) // (2 * divisor * quantum) * factor
    + ((2 * amount) % (2 * divisor * quantum) * factor + divisor * quantum) // (2 * divisor * quantum)
) * quantum;

-- An amount without the VAT that is in it. Without VAT it stays as it was received, to the last digit.
CREATE OR REPLACE TEMP MACRO without_vat(amount, rate, quantum) AS
    half_up(amount * 10_000, 10_000 + rate, CASE WHEN rate = 0 THEN 1 ELSE quantum END);

CREATE OR REPLACE TEMP MACRO counted(amount) AS (amount::DECIMAL(18, 4) * 10_000)::BIGINT;
CREATE OR REPLACE TEMP MACRO basis_points(rate) AS (rate::DECIMAL(7, 2) * 100)::BIGINT;
CREATE OR REPLACE TEMP MACRO amount_of(counted) AS (counted::DECIMAL(18, 0) * 0.0001)::DECIMAL(18, 4);
-- Empty where it says nothing: of nothing, or more than a million million times as much.
CREATE OR REPLACE TEMP MACRO ratio_of(part, whole) AS
    CASE WHEN whole > 0 THEN TRY_CAST(part::DOUBLE / whole AS DECIMAL(18, 6)) END;

CREATE OR REPLACE TEMP MACRO margins(lines) AS TABLE
WITH taken AS (
    SELECT
        line, vat_credit, commission_base, commission_vat, commission_refunded, service_fee_refunded, resaleable,
        payment_days, (10 ** (4 - minor_digits))::BIGINT AS quantum,
        counted(sale) AS sale, counted(cost) AS cost, counted(service_fee) AS service_fee, counted(cargo) AS cargo,
        counted(return_cargo) AS return_cargo, counted(other_costs) AS other_costs,
        basis_points(vat_rate) AS vat_rate, basis_points(cost_vat_rate) AS cost_vat_rate,
        basis_points(service_vat_rate) AS service_vat_rate, basis_points(commission_rate) AS commission_rate,
        basis_points(export_fee_rate) AS export_fee_rate, basis_points(financing_rate) AS financing_rate,
        basis_points(withholding_rate) AS withholding_rate, basis_points(return_rate) AS return_rate
    FROM query_table(lines)
),

charged AS (
    SELECT
        *,
        without_vat(sale, vat_rate, quantum) AS sale_net,
        half_up_product(
            sale * commission_rate,
            CASE WHEN commission_vat = 'added' THEN 10_000 + service_vat_rate ELSE 10_000 END,
            CASE WHEN commission_base = 'net' THEN 10_000 + vat_rate ELSE 10_000 END * 10_000,
            quantum
        ) AS commission,
        half_up(sale * export_fee_rate, 10_000, quantum) AS export_fee,
        half_up_product(sale * financing_rate, payment_days, 3_650_000, quantum) AS financing
    FROM taken
),

netted AS (
    SELECT
        *,
        without_vat(cost, cost_vat_rate, quantum) AS cost_net,
        without_vat(commission, CASE WHEN commission_vat = 'none' THEN 0 ELSE service_vat_rate END, quantum) AS commission_net,
        without_vat(service_fee, service_vat_rate, quantum) AS service_fee_net,
        without_vat(cargo, service_vat_rate, quantum) AS cargo_net,
        without_vat(return_cargo, service_vat_rate, quantum) AS return_cargo_net,
        without_vat(export_fee, service_vat_rate, quantum) AS export_fee_net,
        without_vat(other_costs, service_vat_rate, quantum) AS other_costs_net,
        half_up(sale_net * withholding_rate, 10_000, quantum) AS withholding
    FROM charged
),

balanced AS (
    SELECT
        *,
        sale - sale_net AS output_vat,
        CASE WHEN vat_credit THEN
            cost + commission + service_fee + cargo + export_fee + other_costs
            - cost_net - commission_net - service_fee_net - cargo_net - export_fee_net - other_costs_net
        ELSE 0 END AS input_vat
    FROM netted
),

settled AS (
    SELECT
        *,
        greatest(output_vat - input_vat, 0) AS payable_vat,
        greatest(input_vat - output_vat, 0) AS vat_carried_forward,
        sale - cost - commission - service_fee - cargo - export_fee - other_costs - financing - withholding
            - greatest(output_vat - input_vat, 0) AS net_cash,
        CASE WHEN vat_credit THEN cargo_net + return_cargo_net ELSE cargo + return_cargo END
            + CASE WHEN service_fee_refunded THEN 0 WHEN vat_credit THEN service_fee_net ELSE service_fee END
            + CASE WHEN commission_refunded THEN 0 WHEN vat_credit THEN commission_net ELSE commission END
            + CASE WHEN resaleable THEN 0 WHEN vat_credit THEN cost_net ELSE cost END AS return_loss
    FROM balanced
),

expected AS (
    SELECT *, (10_000 - return_rate) * net_cash - return_rate * return_loss AS outcome FROM settled
)

SELECT
    line,
    amount_of(sale) AS sale, amount_of(sale_net) AS sale_net, amount_of(output_vat) AS output_vat,
    amount_of(cost) AS cost, amount_of(cost_net) AS cost_net,
    amount_of(commission) AS commission, amount_of(commission_net) AS commission_net,
    amount_of(service_fee) AS service_fee, amount_of(service_fee_net) AS service_fee_net,
    amount_of(cargo) AS cargo, amount_of(cargo_net) AS cargo_net,
    amount_of(export_fee) AS export_fee, amount_of(export_fee_net) AS export_fee_net,
    amount_of(other_costs) AS other_costs, amount_of(other_costs_net) AS other_costs_net,
    amount_of(financing) AS financing, amount_of(input_vat) AS input_vat, amount_of(payable_vat) AS payable_vat,
    amount_of(vat_carried_forward) AS vat_carried_forward, amount_of(withholding) AS withholding,
    amount_of(net_cash) AS net_cash, amount_of(net_cash + withholding) AS net_economic,
    ratio_of(net_cash, cost) AS return_on_cost, ratio_of(net_cash, sale_net) AS net_margin,
    amount_of(return_loss) AS return_loss,
    amount_of(sign(outcome) * half_up(abs(outcome), 10_000, quantum)) AS expected_profit
FROM expected;
