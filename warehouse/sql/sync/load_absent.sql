CREATE OR REPLACE TABLE delta.absent AS
FROM read_parquet(getvariable('staged') || '/absent.parquet', hive_partitioning = false)
UNION ALL
FROM unsure;
