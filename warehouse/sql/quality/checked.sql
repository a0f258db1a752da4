-- The rows that a card's checks look at, each condition of the card as a column of its own. Relation, conditions and
-- names of columns are filled in from the card; what a run brings (a supplier's name, a run's id) is a variable.
CREATE OR REPLACE TEMP VIEW checked AS
SELECT *{conditions}
FROM {relation}
WHERE {scope};
