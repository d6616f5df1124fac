"""Redis and Valkey, as redis_exporter sees them."""
