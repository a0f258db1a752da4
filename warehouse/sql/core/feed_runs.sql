CREATE TABLE IF NOT EXISTS core.feed_runs (
    run_id VARCHAR NOT NULL,
    tenant VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    feed_hash VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL,
    read BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    new BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    deleted BIGINT NOT NULL
);
