SELECT count(*) FROM checked;
