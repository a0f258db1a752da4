-- Offers in the order of their keys, after a place. What is not asked for folds away before files are chosen, which coalesce()
-- would not do.
SELECT
    supplier, supplier_sku, title, brand, category, gtin, mpn, cost, list_price, currency, vat_rate, vat_included, stock,
    stock_kind, status, missing_since, run_id, updated_at
FROM core.offers
WHERE ($supplier IS NULL OR supplier = $supplier)
    AND ($suppliers IS NULL OR list_contains($suppliers::VARCHAR[], supplier))
    AND ($status IS NULL OR status = $status)
    AND ($since IS NULL OR updated_at >= $since)
    AND ($gtin IS NULL OR list_contains(gtins, $gtin) OR supplier_sku = $gtin)
    AND ($pattern IS NULL OR regexp_matches(title, $pattern) OR regexp_matches(supplier_sku, $pattern))
    AND ($after_supplier IS NULL
        OR (supplier >= $after_supplier AND (supplier > $after_supplier OR supplier_sku > $after_sku)))
ORDER BY supplier, supplier_sku
LIMIT $limit;
