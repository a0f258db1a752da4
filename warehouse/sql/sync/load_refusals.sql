INSERT INTO delta.refusals BY NAME FROM batch;
