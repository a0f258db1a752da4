-- The staged offers without those that turned out to be duplicates.
CREATE OR REPLACE VIEW delta.offers AS
FROM read_parquet($path)
WHERE _sequence NOT IN (SELECT sequence FROM delta.dropped);
