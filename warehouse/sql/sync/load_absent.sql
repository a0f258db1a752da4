CREATE OR REPLACE TABLE delta.absent AS FROM read_parquet(getvariable('staged') || '/batch.parquet', hive_partitioning = false);
