-- An amount that is computed, half up to the minor unit of its currency; empty beyond what an amount can be.
CREATE OR REPLACE TEMP MACRO rounded(amount, minor_digits) AS CASE minor_digits
    WHEN 2 THEN TRY_CAST(round(amount, 2) AS DECIMAL(18, 4))
    WHEN 0 THEN TRY_CAST(round(amount, 0) AS DECIMAL(18, 4))
    ELSE TRY_CAST(round(amount, 3) AS DECIMAL(18, 4))
END;

-- Whether the formula can hold an amount: below a thousand million.
CREATE OR REPLACE TEMP MACRO is_held(amount) AS amount < 1_000_000_000;

-- A received amount in another currency, with the VAT that was not in it. What needs no computing keeps its scale.
CREATE OR REPLACE TEMP MACRO converted(amount, rate, minor_digits) AS
    CASE WHEN rate = 1 THEN amount ELSE rounded(amount * rate, minor_digits) END;
CREATE OR REPLACE TEMP MACRO with_vat(amount, included, vat_rate, minor_digits) AS
    CASE WHEN included OR vat_rate = 0 THEN amount
        ELSE rounded(amount * (100 + vat_rate) * 0.01, minor_digits) END;

-- What a carrier bills: the greater of volume and weight, in whole desi, at least one; empty beyond all bounds.
CREATE OR REPLACE TEMP MACRO billed_desi(desi, length_cm, width_cm, height_cm, weight_g, otherwise) AS
    TRY_CAST(greatest(1, ceil(coalesce(
        greatest(coalesce(desi, length_cm * width_cm * height_cm / 3000)::DOUBLE, weight_g::DOUBLE / 1000), otherwise::DOUBLE
    ))) AS INTEGER);

CREATE OR REPLACE TEMP MACRO folded(word) AS translate(lower(strip_accents(trim(word))), 'ı', 'i');

-- Why there is no margin, and what was expected.
CREATE OR REPLACE TEMP MACRO refusal(reason, fault_detail, rate_fault, carrier, desi, sale, currency, minor_digits) AS
    CASE reason
        WHEN 'no_vat_rate' THEN 'neither a term nor the offer says the VAT; expected the term vat_rate'
        WHEN 'no_cost' THEN 'the offer has no cost; expected one in the supplier''s feed'
        WHEN 'amount_too_large' THEN 'the offer costs or is sold at a thousand million or more; expected less, in the currency of the channel'
        WHEN 'desi_too_large' THEN 'size or weight of the parcel is beyond all bounds; expected them in cm and g'
        WHEN 'no_rate' THEN coalesce(rate_fault, 'the offer has no currency; expected one in the supplier''s feed')
        WHEN 'no_price' THEN 'no price is published and the feed proposes none; expected a price rule or a list price'
        WHEN 'no_tariff' THEN 'the carrier ' || carrier || ' has no amount for ' || desi || ' desi'
            || coalesce(' at a price of ' || said(sale, minor_digits) || ' ' || currency, '') || '; expected a row in the cargo tariff'
        ELSE fault_detail
    END;

-- What a grid is made of, in whole coins of the currency: a step of 0.001 is one of 0.01 in TRY, an ending of 0.90 none in JPY.
CREATE OR REPLACE TEMP MACRO on_coins(amount, minor_digits, up) AS amount_of(
    (counted(amount) + CASE WHEN up THEN 10 ** (4 - minor_digits) - 1 ELSE 0 END)::BIGINT
        // (10 ** (4 - minor_digits))::BIGINT * (10 ** (4 - minor_digits))::BIGINT
);

-- The next price of the grid above an amount, or the last one below it.
CREATE OR REPLACE TEMP MACRO grid_above(amount, step, ending) AS
    amount_of(greatest(counted(amount) - counted(ending) + counted(step) - 1, 0) // counted(step) * counted(step) + counted(ending));
CREATE OR REPLACE TEMP MACRO grid_below(amount, step, ending) AS
    amount_of((counted(amount) - counted(ending)) // counted(step) * counted(step) + counted(ending));

-- An amount as a person writes it: with the digits of its currency, and no more unless it has more.
CREATE OR REPLACE TEMP MACRO said(amount, minor_digits) AS CASE
    WHEN minor_digits = 2 AND round(amount, 2) = amount THEN amount::DECIMAL(18, 2)::VARCHAR
    WHEN minor_digits = 0 AND round(amount, 0) = amount THEN amount::DECIMAL(18, 0)::VARCHAR
    WHEN minor_digits = 3 AND round(amount, 3) = amount THEN amount::DECIMAL(18, 3)::VARCHAR
    ELSE amount::VARCHAR
END;
