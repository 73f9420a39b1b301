"""Alembic migrations: the way from any earlier state of the tables to this one, on both databases."""
