"""The database. The only user of SQLAlchemy; every statement is here."""
