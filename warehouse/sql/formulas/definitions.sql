-- Every macro that the connection was told of.
SELECT function_name, parameters, macro_definition
FROM duckdb_functions()
WHERE function_type IN ('macro', 'table_macro') AND NOT internal;
