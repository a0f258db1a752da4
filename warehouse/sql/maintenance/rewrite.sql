-- Files of which at least this share of rows is deleted are written anew without them.
CALL ducklake_rewrite_data_files('lake', delete_threshold => 0.3);
