CREATE TABLE IF NOT EXISTS core.offer_changes (
    run_id VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    before VARCHAR,
    after VARCHAR
);
