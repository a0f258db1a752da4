CREATE OR REPLACE TABLE delta.absent AS FROM read_parquet($batch);
