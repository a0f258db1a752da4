SELECT matched_by, count(*) FROM matched GROUP BY matched_by;
