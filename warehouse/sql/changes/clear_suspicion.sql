DELETE FROM raw.suspected_absences WHERE supplier = $supplier;
