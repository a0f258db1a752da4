-- Every offer that can be sold, with the supplier, brand and category by which its terms are found: of each, the one that
-- some term mentions, or none. Of several categories that one begins with, the longest; of one word in several spellings, any.
CREATE OR REPLACE TEMP TABLE brand_map AS
SELECT b.brand, min(m.value) AS value
FROM (SELECT DISTINCT brand FROM core.offers WHERE brand IS NOT NULL) AS b
JOIN mentioned AS m ON m.kind = 'brand' AND folded(m.value) = folded(b.brand)
GROUP BY b.brand;

CREATE OR REPLACE TEMP TABLE category_map AS
SELECT c.category, arg_max(m.value, length(m.value)) AS value
FROM (SELECT DISTINCT category FROM core.offers WHERE category IS NOT NULL) AS c
JOIN mentioned AS m ON m.kind = 'category' AND starts_with(folded(c.category), folded(m.value))
    AND regexp_full_match(substr(folded(c.category), length(folded(m.value)) + 1), '|\s*[>/|,;»].*')
GROUP BY c.category;

CREATE OR REPLACE TEMP VIEW sellable AS
SELECT
    o.supplier, o.supplier_sku, o.cost, o.list_price, o.currency, o.vat_rate, o.vat_included, o.desi, o.length_cm, o.width_cm,
    o.height_cm, o.weight_g, coalesce(s.value, '') AS term_supplier, coalesce(b.value, '') AS term_brand,
    coalesce(c.value, '') AS term_category
FROM core.offers AS o
LEFT JOIN mentioned AS s ON s.kind = 'supplier' AND s.value = o.supplier
LEFT JOIN brand_map AS b ON b.brand = o.brand
LEFT JOIN category_map AS c ON c.category = o.category
WHERE o.status = 'active';

SELECT term_supplier, term_brand, term_category, list(DISTINCT currency ORDER BY currency) AS currencies
FROM sellable
GROUP BY ALL
ORDER BY ALL;
