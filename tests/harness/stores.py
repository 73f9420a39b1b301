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

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import URL, inspect

from adapter.gateways.store.database import Database
from adapter.gateways.store.upgrade import upgrade
from tests.harness.rows import Rows
from tests.servers.postgresql import Postgres, by_files

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
    copy_file(made, whole)
    return whole


def copy_file(file: Path, copy: Path) -> None:
    """Write a SQLite store to another file: whole, whatever stands in its write-ahead log."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])


class Original:
    """A store as it is when this is made; `put_back` makes it so again.

    Its engine stays, with all that it has compiled: the same components serve the tests of a module, each test on a
    store of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.engine.dispose()
        if database.is_embedded:
            file = _file_of(database)
            copy_file(file, Path(f"{file}.original"))
        else:
            name = str(database.engine.url.database)
            _copy_database(database.engine.url, name, f"{name}_original")
            self._rows = Rows(database)

    def put_back(self) -> None:
        """Nobody else may be at work in it."""
        database = self._database
        if not database.is_embedded and self._rows.put_back():
            database._ids = []
            return
        database.engine.dispose()
        if database.is_embedded:
            file = _file_of(database)
            for each in ("", "-wal", "-shm"):  # a new file: a session that a command left open keeps the old one
                Path(f"{file}{each}").unlink(missing_ok=True)
            shutil.copyfile(f"{file}.original", file)
        else:
            name = str(database.engine.url.database)
            _copy_database(database.engine.url, f"{name}_original", name)
        database._ids = []


def _copy_database(server: URL, source: str, target: str) -> None:
    """Make `target` anew, as a copy of `source`, which nobody uses just now."""
    own = sql.Identifier(target)
    cluster = _cluster(server.set(drivername="postgresql", database="postgres"))
    cluster.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(own))
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(own, sql.Identifier(source))
    cluster.execute(copied + by_files(cluster.info.server_version // 10_000))


@cache
def _cluster(server: URL) -> psycopg.Connection[TupleRow]:
    """One session for all copies: each would cost as much as a copy."""
    made = psycopg.connect(server.render_as_string(hide_password=False), autocommit=True)
    atexit.register(made.close)
    return made


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
    """Let the database of an installation have its tables: it has, a SQLite file is copied, or migrations run."""
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
