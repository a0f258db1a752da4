-- The staged delta of one run: what of the feed is not known yet. The offers themselves stay in their Parquet files, seen
-- without those that turn out to be duplicates.
CREATE OR REPLACE TABLE delta.refusals AS FROM read_parquet(getvariable('staged') || '/refusals-*.parquet', hive_partitioning = false);
CREATE TEMP TABLE IF NOT EXISTS unsure (digest_hi UINTEGER, digest_lo UBIGINT);
CREATE OR REPLACE TABLE delta.dropped (sequence BIGINT);
CREATE OR REPLACE VIEW delta.offers AS
FROM read_parquet(getvariable('staged') || '/offers-*.parquet', hive_partitioning = false)
WHERE _sequence NOT IN (SELECT sequence FROM delta.dropped);
