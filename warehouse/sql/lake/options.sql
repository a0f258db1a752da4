-- LZ4 is read in half the time of zstd, which would need two thirds of the room.
CALL lake.set_option('parquet_version', '2');
CALL lake.set_option('parquet_compression', 'lz4_raw');
-- A row group is held in memory while it is written, and its longest column while it is read.
CALL lake.set_option('parquet_row_group_size', '16384');
