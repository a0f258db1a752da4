SELECT * FROM checked
