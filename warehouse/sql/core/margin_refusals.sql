CREATE TABLE IF NOT EXISTS core.margin_refusals (
    channel VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    computed_at TIMESTAMPTZ NOT NULL
);
