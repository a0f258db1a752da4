CREATE TABLE IF NOT EXISTS core.supplier_states (
    supplier VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    last_good_at TIMESTAMPTZ,
    due_at TIMESTAMPTZ,
    noted_at TIMESTAMPTZ NOT NULL
);
