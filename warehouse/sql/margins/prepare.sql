-- One line, asked again and again on one connection: to bind the formula takes ten times as long as to work it out.
-- {line} stands for the columns of a line, each a parameter; {wanted} for those of what is sought, each a list of parameters:
-- several prices at once take little longer than one.
PREPARE margin AS
WITH quoted AS (SELECT 1 AS line, {line})

SELECT * EXCLUDE (line) FROM margins(quoted);

PREPARE lowest AS
WITH asked AS (SELECT {line}),

wanted AS (SELECT * EXCLUDE (cargo), {wanted} FROM asked)

SELECT line, price FROM lowest_prices(wanted);
