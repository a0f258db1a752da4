CREATE TABLE IF NOT EXISTS core.product_offers (
    product_id VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    matched_by VARCHAR NOT NULL,
    gives UBIGINT NOT NULL
);
