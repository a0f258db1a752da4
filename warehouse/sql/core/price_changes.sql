CREATE TABLE IF NOT EXISTS core.price_changes (
    channel VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    before DECIMAL(18, 4),
    after DECIMAL(18, 4) NOT NULL,
    cause VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    rules_version INTEGER NOT NULL,
    net_cash DECIMAL(18, 4) NOT NULL,
    least_profit DECIMAL(18, 4) NOT NULL,
    approval_id VARCHAR,
    bulletin VARCHAR,
    run_id VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
