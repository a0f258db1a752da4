-- A day of a bank has one rate for a currency, and it is above zero.
SELECT source, day, base, quote, count(*) AS rates, min(buying) AS lowest
FROM core.exchange_rates
GROUP BY source, day, base, quote
HAVING count(*) > 1 OR min(buying) <= 0 OR min(selling) <= 0
ORDER BY source, day, base, quote
LIMIT 10;
