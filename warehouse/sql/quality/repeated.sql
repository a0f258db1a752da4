-- Every row whose key another row has too, without carrying the other columns along.
SELECT {columns}, unnest(range(repeated.times)) AS nth
FROM (SELECT {columns}, count(*) AS times FROM {batch} GROUP BY ALL HAVING count(*) > 1) AS repeated
