DELETE FROM core.margins;
INSERT INTO core.margins BY NAME
SELECT
    line.channel, line.supplier, line.supplier_sku, line.currency, line.price_kind, line.desi, line.carrier,
    line.exchange_rate, line.bulletin, line.assumed, * EXCLUDE (line), $run_id AS run_id, $at AS computed_at
FROM margins(present_lines);

DELETE FROM core.margin_refusals;
INSERT INTO core.margin_refusals BY NAME
SELECT
    channel, supplier, supplier_sku, reason,
    refusal(reason, fault_detail, rate_fault, carrier, desi, sale, currency, minor_digits) AS detail, $run_id AS run_id, $at AS computed_at
FROM present
WHERE reason IS NOT NULL;
