"""Databases whose tables are made already: copies of one in which the migrations ran once.

The migrations themselves are proved on empty databases (tests/integration/test_store.py).
"""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import inspect

from adapter.gateways.store.database import Database, DatabaseUnavailable
from adapter.gateways.store.upgrade import upgrade
from tests.harness.rows import Rows
from tests.servers.postgresql import Postgres

_TEMPLATE = "with_tables"
_NUMBERS = count()
_SMALL = 16 * 1024 * 1024
"""Bytes of tables, of which those of a new database take 1: what was deleted stays in the file."""


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
        if database.is_embedded:
            database.engine.dispose()
            file = _file_of(database)
            copy_file(file, Path(f"{file}.original"))
        else:
            self._rows = Rows(database)

    def put_back(self) -> None:
        """Nobody else may be at work in it. On PostgreSQL its tables must be what they were."""
        database = self._database
        if database.is_embedded:
            database.engine.dispose()
            file = _file_of(database)
            for each in ("", "-wal", "-shm"):  # a new file: a session that a command left open keeps the old one
                Path(f"{file}{each}").unlink(missing_ok=True)
            shutil.copyfile(f"{file}.original", file)
        else:
            assert self._rows.put_back(), "whoever changes tables takes a database of his own"
        database._ids = []


def _file_of(database: Database) -> Path:
    return Path(database.engine.url.database or "")


class PostgresStores:
    """The databases of one cluster."""

    def __init__(self, cluster: Postgres) -> None:
        self._cluster = cluster
        self._has_template = False
        self._lent: dict[str, tuple[Database, Rows]] = {}
        self._free: list[str] = []

    def create(self, name: str) -> str:
        """A database with its tables, and its URL."""
        if not self._has_template:
            make_tables(self._cluster.create_database(_TEMPLATE))
            self._has_template = True
        return self._cluster.create_database(name, template=_TEMPLATE)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """A database with its tables as they are made, until left; who had it before has left nothing in it. To put
        its rows back costs a thirtieth of a new one."""
        url = self._free.pop() if self._free else self._another()
        try:
            yield url
        finally:
            database, rows = self._lent[url]
            if _stands_again(rows):
                self._free.append(url)
            else:
                self._give_up(url, database)

    def close(self) -> None:
        """Let go of all of them."""
        for url, (database, _) in list(self._lent.items()):
            self._give_up(url, database)

    def _another(self) -> str:
        url = self.create(f"lent_{next(_NUMBERS)}")
        database = Database(url, pool=1)
        self._lent[url] = database, Rows(database, "at_first")
        return url

    def _give_up(self, url: str, database: Database) -> None:
        del self._lent[url]
        database.close()
        self._cluster.drop_database(str(database.engine.url.database))


def _stands_again(rows: Rows) -> bool:
    try:
        return rows.bytes() < _SMALL and rows.put_back(alone=True)
    except DatabaseUnavailable:  # who had it has ended this session too
        return False


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
