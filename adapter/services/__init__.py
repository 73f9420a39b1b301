"""Use cases: the only owners of transactions."""
