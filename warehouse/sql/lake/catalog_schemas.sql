SELECT database_name, schema_name FROM duckdb_schemas();
