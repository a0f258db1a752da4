CREATE TABLE IF NOT EXISTS raw.product_links (
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    linked_at TIMESTAMPTZ NOT NULL
);
