CREATE TABLE IF NOT EXISTS core.products (
    product_id VARCHAR NOT NULL,
    matched_by VARCHAR NOT NULL,
    gtin VARCHAR,
    brand VARCHAR,
    mpn VARCHAR,
    title VARCHAR,
    offers BIGINT NOT NULL,
    suppliers BIGINT NOT NULL
);
