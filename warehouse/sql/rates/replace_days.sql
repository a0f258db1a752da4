DELETE FROM core.exchange_rates
WHERE (source, day) IN (SELECT DISTINCT (source, day::DATE) FROM arriving_rates);

INSERT INTO core.exchange_rates BY NAME
SELECT
    source, bulletin, day::DATE AS day, base, quote, buying::DECIMAL(28, 12) AS buying,
    selling::DECIMAL(28, 12) AS selling
FROM arriving_rates;
