SELECT kind, count(*) FROM delta.changes GROUP BY kind ORDER BY kind;
