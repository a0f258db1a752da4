-- One line, asked again and again on one connection: to bind the formula takes ten times as long as to work it out.
-- {line} stands for the columns of a line, each a parameter.
PREPARE margin AS
WITH quoted AS (SELECT 1 AS line, {line})

SELECT * EXCLUDE (line) FROM margins(quoted);

PREPARE lowest AS
WITH wanted AS (
    SELECT
        1 AS line, {line}, $sought::VARCHAR AS sought, $target::DECIMAL(18, 4) AS target,
        $target_rate::DECIMAL(7, 2) AS target_rate, $step::DECIMAL(18, 4) AS step, $ending::DECIMAL(18, 4) AS ending
),

banded AS (
    SELECT
        * EXCLUDE (cargo), unnest($prices_from::DECIMAL(18, 4)[]) AS price_from,
        unnest($prices_below::DECIMAL(18, 4)[]) AS price_below, unnest($cargos::DECIMAL(18, 4)[]) AS cargo
    FROM wanted
)

SELECT price FROM lowest_prices(banded);
