CREATE TABLE IF NOT EXISTS core.exchange_rates (
    source VARCHAR NOT NULL,
    bulletin VARCHAR NOT NULL,
    day DATE NOT NULL,
    base VARCHAR NOT NULL,
    quote VARCHAR NOT NULL,
    buying DECIMAL(28, 12) NOT NULL,
    selling DECIMAL(28, 12) NOT NULL
);
