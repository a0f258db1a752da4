CREATE TABLE IF NOT EXISTS raw.suspected_absences (
    supplier VARCHAR NOT NULL,
    supplier_sku VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    suspected_at TIMESTAMPTZ NOT NULL
);
