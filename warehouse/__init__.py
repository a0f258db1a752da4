"""The analytical store: DuckLake access, quality checks, and every SQL statement of the house (below `sql/`)."""
