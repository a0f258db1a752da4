SELECT count(*) AS offers FROM raw.suspected_absences WHERE run_id = $run_id;
