SELECT count(*) AS candidates FROM delta.candidates;
