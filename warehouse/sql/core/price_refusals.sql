CREATE TABLE IF NOT EXISTS core.price_refusals (
    channel VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    rule VARCHAR,
    price DECIMAL(18, 4),
    published_price DECIMAL(18, 4),
    floor_price DECIMAL(18, 4),
    net_cash DECIMAL(18, 4),
    least_profit DECIMAL(18, 4),
    run_id VARCHAR NOT NULL,
    refused_at TIMESTAMPTZ NOT NULL
);
