CREATE SCHEMA catalog.$schema;
