"""PostgreSQL, as postgres_exporter sees it."""
