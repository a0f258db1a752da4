SELECT max(computed_at) AS computed_at FROM core.margins;
