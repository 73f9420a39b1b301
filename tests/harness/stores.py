"""Databases whose tables are made already: copies of one in which the migrations ran once.

The migrations themselves are proved on empty databases (tests/integration/test_store.py).
"""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import inspect

from adapter.gateways.store.database import Database
from adapter.gateways.store.upgrade import upgrade
from tests.servers.postgresql import Postgres

_TEMPLATE = "with_tables"


def sqlite_store(file: Path) -> str:
    """A SQLite file with its tables, and its URL."""
    shutil.copyfile(_sqlite_template(), file)
    return f"sqlite:///{file}"


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="nsw-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made, whole = folder / "made.db", folder / "whole.db"
    make_tables(f"sqlite:///{made}")
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("VACUUM INTO ?", [str(whole)])  # with what still stands in the write-ahead log
    return whole


def kept_copy(database: Database, copy: Path) -> Path:
    """A SQLite store as it is now, written to the file `copy`."""
    with closing(sqlite3.connect(_file_of(database))) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])  # whole, whatever stands in the write-ahead log
    return copy


def put_back(database: Database, copy: Path) -> None:
    """Make a SQLite store the one that was copied; its engine stays, with all that it has compiled."""
    file = _file_of(database)
    database.engine.dispose()
    for each in (f"{file}-wal", f"{file}-shm"):
        Path(each).unlink(missing_ok=True)
    shutil.copyfile(copy, file)
    database._forget_ids()


def _file_of(database: Database) -> Path:
    return Path(database.engine.url.database or "")


class PostgresStores:
    """The databases of one cluster."""

    def __init__(self, cluster: Postgres) -> None:
        self._cluster = cluster
        self._has_template = False

    def create(self, name: str) -> str:
        """A database with its tables, and its URL."""
        if not self._has_template:
            make_tables(self._cluster.create_database(_TEMPLATE))
            self._has_template = True
        return self._cluster.create_database(name, template=_TEMPLATE)


def ensure_tables(database: Database) -> None:
    """Let the database of a house have its tables: it has, or a SQLite file is copied, or the migrations run."""
    file = _file_of(database)
    if database.is_embedded and not file.exists():
        sqlite_store(file)
    elif not inspect(database.engine).has_table("alembic_version"):
        upgrade(database)


def make_tables(url: str) -> None:
    """Run the migrations on an empty database, and let go of it."""
    database = Database(url)
    try:
        upgrade(database)
    finally:
        database.close()
