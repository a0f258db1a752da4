-- The first offer of a key stands; later ones are refused, whatever they say.
CREATE OR REPLACE TEMP TABLE duplicates AS
SELECT _sequence AS sequence
FROM delta.offers
WHERE supplier_sku IN (SELECT supplier_sku FROM delta.offers GROUP BY supplier_sku HAVING count(*) > 1)
QUALIFY row_number() OVER (PARTITION BY supplier_sku ORDER BY _place, _sequence) > 1;

INSERT INTO delta.refusals BY NAME
SELECT
    _row, _digest_hi, _digest_lo, supplier_sku, 'row' AS scope, 'supplier_sku' AS field, 'duplicate_sku' AS reason,
    supplier_sku AS value, 'a key that no earlier row of the feed has' AS expected, to_json(o)::VARCHAR AS raw,
    'offer' AS raw_kind, source_file
FROM delta.offers AS o
WHERE _sequence IN (SELECT sequence FROM duplicates);

INSERT INTO delta.dropped SELECT sequence FROM duplicates;
