"""All SQL: statements in `queries/*.sql`, and functions (connection, …) → domain records. Opens no transaction."""
