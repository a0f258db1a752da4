-- How many offers of each channel have no margin, by reason, and one of them.
SELECT channel, reason, count(*) AS offers, min_by({'supplier': supplier, 'supplier_sku': supplier_sku, 'detail': detail}, (supplier, supplier_sku)) AS example
FROM core.margin_refusals
WHERE $channels IS NULL OR list_contains($channels::VARCHAR[], channel)
GROUP BY channel, reason
ORDER BY channel, offers DESC, reason;
