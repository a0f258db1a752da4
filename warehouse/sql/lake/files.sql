-- Asked of a catalog in SQLite: every data and delete file of which any kept snapshot has need, below the data path.
SELECT DISTINCT
    s.path || t.path || f.path AS path,
    coalesce(s.path_is_relative AND t.path_is_relative AND f.path_is_relative, 0) AS inside
FROM (
    SELECT table_id, path, path_is_relative FROM ducklake_data_file
    UNION ALL
    SELECT table_id, path, path_is_relative FROM ducklake_delete_file
) AS f
LEFT JOIN ducklake_table AS t ON t.table_id = f.table_id
LEFT JOIN ducklake_schema AS s ON s.schema_id = t.schema_id
ORDER BY path;
