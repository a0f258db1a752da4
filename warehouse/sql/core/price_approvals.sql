CREATE TABLE IF NOT EXISTS core.price_approvals (
    id VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    price DECIMAL(18, 4) NOT NULL,
    net_cash DECIMAL(18, 4) NOT NULL,
    valid_until DATE NOT NULL,
    run_id VARCHAR NOT NULL
);
