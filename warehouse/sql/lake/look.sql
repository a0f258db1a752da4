-- What a lake holds, in numbers: its newest snapshot and when it was made, the offers, the data files and their bytes.
-- Counts come from the catalog alone; the title is there to make sure that a data file can be read.
SELECT
    s.snapshot_id AS snapshot, s.snapshot_time AS written_at,
    (SELECT count(*) FROM core.offers WHERE status <> 'deleted') AS offers,
    (SELECT title FROM core.offers LIMIT 1) AS title,
    (SELECT coalesce(sum(file_count + delete_file_count), 0) FROM ducklake_table_info('lake'))::BIGINT AS files,
    (SELECT coalesce(sum(file_size_bytes + delete_file_size_bytes), 0) FROM ducklake_table_info('lake'))::BIGINT AS bytes
FROM ducklake_snapshots('lake') AS s
ORDER BY s.snapshot_id DESC
LIMIT 1;
