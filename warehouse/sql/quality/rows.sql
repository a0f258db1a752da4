-- A card's query, in which `batch` reads like a table. Great Expectations fills the rows in with or without an alias,
-- depending on whether it finds the word JOIN; here it does not matter.
WITH batch AS NOT MATERIALIZED (SELECT * FROM {batch})
SELECT * FROM ({query}) AS found
