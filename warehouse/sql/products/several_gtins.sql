SELECT list_transform(gtins, lambda gtin: lpad(gtin, 14, '0'))
FROM core.offers
WHERE len(gtins) > 1 AND status <> 'deleted';
