"""Bring the tables to this version of the program, or say that they are not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapter.gateways.store.database import Connection, Database

_LOCK = "schema upgrade"
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Run the migrations that are missing. Two processes at once: the second waits and finds nothing to do.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
    """
    with database.altering() as connection:
        database.lock(connection, [_LOCK])
        command.upgrade(_config(connection), "head")


def current(database: Database) -> tuple[str | None, str | None]:
    """The revision the tables are at, and the one this program needs."""
    with database.reading() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at, ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
