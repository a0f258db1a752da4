SELECT supplier, status, count(*) AS offers, sum(stock) AS stock FROM core.offers GROUP BY ALL ORDER BY ALL
