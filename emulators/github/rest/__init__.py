"""The REST API. Each module lists its routes, and beside each the permission it needs."""
