-- The staged delta of one run: what of the feed is not known yet. Lives in files of its own beside the lake; the offers
-- themselves are in a Parquet file, seen through the view delta.offers.
CREATE OR REPLACE TABLE delta.refusals (
    _row BIGINT,
    _digest_hi UBIGINT,
    _digest_lo UBIGINT,
    supplier_sku VARCHAR,
    scope VARCHAR,
    field VARCHAR,
    reason VARCHAR,
    value VARCHAR,
    expected VARCHAR,
    raw VARCHAR,
    raw_kind VARCHAR,
    source_file VARCHAR
);
CREATE OR REPLACE TABLE delta.absent (digest_hi UBIGINT, digest_lo UBIGINT);
CREATE OR REPLACE TABLE delta.dropped (sequence BIGINT);
