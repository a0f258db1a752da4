SELECT * FROM core.price_refusals WHERE channel = $channel AND supplier = $supplier AND supplier_sku = $supplier_sku;
