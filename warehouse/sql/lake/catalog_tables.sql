-- The tables of the catalogs in SQLite that are attached, one to be copied into the other.
SELECT database_name, table_name FROM duckdb_tables() WHERE database_name IN ('live', 'blank') ORDER BY ALL;
