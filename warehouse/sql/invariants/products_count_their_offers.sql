-- A product has as many offers and suppliers as it says, and every matched offer's product is there.
WITH counted AS (
    SELECT product_id, count(*) AS offers, count(DISTINCT supplier) AS suppliers
    FROM core.product_offers
    GROUP BY product_id
)
SELECT product_id, p.offers, p.suppliers, c.offers AS counted_offers, c.suppliers AS counted_suppliers
FROM core.products AS p
FULL JOIN counted AS c USING (product_id)
WHERE (p.offers, p.suppliers) IS DISTINCT FROM (c.offers, c.suppliers)
ORDER BY product_id
LIMIT 10;
