SELECT kind, count(*) FROM delta.differing GROUP BY kind ORDER BY kind;
