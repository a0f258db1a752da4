-- Staged offers whose key belongs to a record that was passed over as known: duplicates across the digest.
SELECT DISTINCT o.supplier_sku, o._place, r.digest_hi, r.digest_lo
FROM delta.offers AS o
JOIN raw.records AS r ON r.supplier = $supplier AND r.accepted AND r.supplier_sku = o.supplier_sku
WHERE NOT EXISTS (FROM delta.absent AS a WHERE a.digest_lo = r.digest_lo AND a.digest_hi = r.digest_hi);
