CREATE TABLE IF NOT EXISTS raw.records (
    supplier VARCHAR NOT NULL,
    digest_hi UINTEGER NOT NULL,
    digest_lo UBIGINT NOT NULL,
    supplier_sku VARCHAR,
    accepted BOOLEAN NOT NULL
);
