-- Every table and view of the lake's own layers.
SELECT schema_name, table_name, 'table' AS kind FROM duckdb_tables()
WHERE database_name = 'lake' AND schema_name <> 'main'
UNION ALL
SELECT schema_name, view_name, 'view' FROM duckdb_views()
WHERE database_name = 'lake' AND schema_name <> 'main' AND NOT internal
ORDER BY ALL;
