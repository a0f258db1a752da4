INSERT INTO delta.absent BY NAME FROM batch;
