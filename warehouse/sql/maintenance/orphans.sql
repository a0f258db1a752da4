-- Files that no catalog entry knows: what a killed writer left. A younger one may belong to a writer that is at work.
CALL ducklake_delete_orphaned_files('lake', older_than => $older_than::TIMESTAMPTZ);
