CREATE VIEW IF NOT EXISTS core.offer_states AS
SELECT
    o.supplier, o.supplier_sku,
    CASE
        WHEN o.status <> 'active' THEN o.status
        WHEN EXISTS (
            FROM raw.suspected_absences AS a WHERE a.supplier = o.supplier AND a.supplier_sku = o.supplier_sku
        ) THEN 'suspected'
        WHEN EXISTS (FROM core.supplier_states AS s WHERE s.supplier = o.supplier AND s.state = 'late') THEN 'late'
        ELSE 'listed'
    END AS state
FROM core.offers AS o;
