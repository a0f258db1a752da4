CREATE TABLE IF NOT EXISTS raw.quarantine (
    run_id VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    source_file VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    digest_hi UINTEGER NOT NULL,
    digest_lo UBIGINT NOT NULL,
    supplier_sku VARCHAR,
    scope VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    value VARCHAR,
    expected VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    raw_kind VARCHAR NOT NULL,
    quarantined_at TIMESTAMPTZ NOT NULL,
    state VARCHAR NOT NULL,
    closed_run_id VARCHAR
);
