CREATE TABLE IF NOT EXISTS raw.records (
    supplier VARCHAR NOT NULL,
    digest_hi UBIGINT NOT NULL,
    digest_lo UBIGINT NOT NULL,
    supplier_sku VARCHAR,
    accepted BOOLEAN NOT NULL
);
