-- What is open in the quarantine keeps its raw text; what is closed says by which run.
SELECT supplier, source_file, row_number, field, reason, state, closed_run_id
FROM raw.quarantine
WHERE (state = 'open' AND coalesce(raw, '') = '') OR (state = 'open') <> (closed_run_id IS NULL)
ORDER BY supplier, source_file, row_number, field
LIMIT 10;
