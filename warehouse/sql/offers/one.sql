SELECT * FROM core.offers WHERE supplier = $supplier AND supplier_sku = $supplier_sku;
