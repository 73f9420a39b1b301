"""The database: the only user of SQLAlchemy, and the place of every statement."""
