"""The database: engine, transactions, locks, ids in blocks, bulk inserts. The only user of a connection string.

Rollback is the default; leaving `transaction()` without an exception commits. Errors of SQLAlchemy or the driver about
a server that cannot be reached, or cannot work now, are raised as Unavailable.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any

import orjson
import psycopg
from sqlalchemy import JSON, Connection, Table, insert, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError

from adapter.gateways.store.engine import ALTERS, READS, Waits, engine
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.outages import in_words, passes, spoils
from adapter.model.errors import Misconfigured, Unavailable
from adapter.pipeline.converters import write

__all__ = ["Connection", "Database", "DatabaseUnavailable"]

_BLOCK = 1000
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_LOCK_EACH = "SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS t(k, n)"
_LOCKS, _LOCKS_FREE = text(_LOCK_EACH), text(_LOCK_EACH.replace("pg_advisory", "pg_try_advisory"))


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or asks to try again."""


class Database:
    """One engine for one process. Must not be carried over a fork. `answer_s` bounds each statement, in seconds."""

    def __init__(self, url: str, *, pool: int = 5, answer_s: float | None = None) -> None:
        def as_text(document: Any) -> str:
            return encoded(document).decode()

        try:
            self.engine = engine(url, pool=pool, waits=Waits(answer_s), as_text=as_text)
        except (SQLAlchemyError, ValueError) as error:
            raise Misconfigured(f"the database url does not fit: {type(error).__name__}") from None
        # A command ends without asking: the server is told that its connections are not needed any more.
        weakref.finalize(self, self.engine.dispose)
        self._ids: list[int] = []
        self._ids_lock = threading.Lock()

    @property
    def is_embedded(self) -> bool:
        """SQLite: one writer at a time, one worker process."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that commits on leaving, or rolls back.

        Raises:
            DatabaseUnavailable: the server cannot be reached or ended the transaction.
        """
        committed = False
        try:
            with self._sorted(), self.engine.begin() as connection:
                yield connection
            committed = True
        finally:
            if not committed:
                self._forget_ids()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that cannot write; on SQLite it takes no write lock.

        Raises:
            DatabaseUnavailable: the server cannot be reached or ended the transaction.
        """
        reads = {READS: True} if self.is_embedded else {"postgresql_readonly": True}
        with (
            self._sorted(writes=False),
            self.engine.connect().execution_options(**reads) as connection,
            connection.begin(),
        ):
            if not self.is_embedded:
                yield connection
                return
            connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("PRAGMA query_only=OFF")  # the connection goes back to the pool

    @contextmanager
    def single(self, *, writes: bool) -> Iterator[Connection]:
        """For one statement that is a transaction by itself: of the server nothing else is asked, before or after it.

        `writes`: whether it changes anything; SQLite has one writer's turn, and reading takes none.

        Raises:
            DatabaseUnavailable: the server cannot be reached or ended the statement.
        """
        embedded = self.transaction if writes else self.reading
        with (embedded if self.is_embedded else self.session)() as connection:
            yield connection

    @contextmanager
    def altering(self) -> Iterator[Connection]:
        """A transaction in which tables change.

        SQLite makes a changed table anew and drops the old one, and dropping it deletes its rows: no other table could
        refer to them. So references are not watched meanwhile, and all of them are checked before the commit.

        Raises:
            DatabaseUnavailable: the server cannot be reached or ended the transaction.
            RuntimeError: a row refers to one that is not there any more; nothing was changed.
        """
        if not self.is_embedded:
            with self.transaction() as connection:
                yield connection
            return
        with self._sorted(), self.engine.connect().execution_options(**{ALTERS: True}) as connection:
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if broken:
                        raise RuntimeError(f"the change of tables leaves {len(broken)} rows of {broken[0][0]} astray")
            finally:
                # The connection goes back to the pool, and the pragma does nothing inside a transaction.
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]

    @contextmanager
    def _sorted(self, *, writes: bool = True) -> Iterator[None]:
        """Temporary errors are raised as DatabaseUnavailable, all others as they are.

        A connection of the pool does not outlive its use: after a fail-over all of them lead to the wrong server.
        """
        try:
            yield
        except (SQLAlchemyError, psycopg.Error) as error:
            if not passes(error, writes=writes):
                raise
            if spoils(error):
                self.engine.dispose()
            raise DatabaseUnavailable(_reason(error)) from error

    def within(self, connection: Connection) -> Database:
        """This database for use cases that are parts of a transaction that is open: it commits or rolls back as one."""
        return _Within(self, connection)

    def new_id(self, connection: Connection) -> int:
        """The next id. Blocks of a thousand are drawn in a transaction of their own, so that none is given twice."""
        with self._ids_lock:
            if not self._ids:
                first = self._draw(connection)
                self._ids = list(range(first + _BLOCK - 1, first - 1, -1))
            return self._ids.pop()

    def _draw(self, connection: Connection) -> int:
        if not self.is_embedded:
            return int(connection.execute(text("SELECT nextval('ids')")).scalar_one()) * _BLOCK
        # SQLite has no sequences and one writer: the block is drawn within the caller's own transaction. If that rolls
        # back, the block is given again, so it must not outlive the transaction: ids are discarded with it.
        row = connection.execute(
            text(
                "INSERT INTO counter (name, value) VALUES ('ids', 1) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            )
        ).scalar_one()
        return int(row) * _BLOCK

    def _forget_ids(self) -> None:
        """Forget the block after a rollback on SQLite: another process may draw it again."""
        if self.is_embedded:
            with self._ids_lock:
                self._ids = []

    def lock(self, connection: Connection, names: Iterable[str], *, waits: bool = True) -> bool:
        """Lock names (dossiers, message identities) until the transaction ends; gives whether they are locked.

        Names are hashed to advisory locks and taken in one sorted order, so that no two transactions can wait for each
        other, and a dossier that has no row yet is locked all the same. With `waits` False it does not wait, and gives
        False if another transaction holds one of them. On SQLite BEGIN IMMEDIATE has done it already.
        """
        if self.is_embedded:
            return True
        keys = sorted(
            {int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) for name in names}
        )
        if not keys:
            return True
        taken = connection.execute(_LOCKS if waits else _LOCKS_FREE, {"keys": keys}).scalars()
        return all(each is not False for each in taken)

    @contextmanager
    def alone(self, name: str) -> Iterator[Callable[[], None] | None]:
        """A check whether this process is still the only one of all machines that does `name`; None: it is not.

        A lock of the session, which the server drops with the connection: a process that dies frees it, and one whose
        session is gone is told so when it asks (DatabaseUnavailable). SQLite serves one machine: there it is a lock of
        a file beside the database's.
        """
        if self.is_embedded:
            with _locked(self.engine.url.database, name) as mine:
                yield (lambda: None) if mine else None
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with self.session() as connection:
            mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
            yield partial(self._ask, connection) if mine else None
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    def _ask(self, connection: Connection) -> None:
        """A statement on the connection that holds the lock: it fails if the session is gone."""
        with self._sorted():
            connection.execute(text("SELECT 1"))

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection without a transaction: each statement by itself.

        Raises:
            DatabaseUnavailable: the server cannot be reached.
        """
        with self._sorted(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def insert(self, connection: Connection, table: Table, rows: Sequence[NewRow]) -> None:
        """Insert rows that all have the same columns: COPY on PostgreSQL, executemany on SQLite."""
        if not rows:
            return
        if self.is_embedded:
            connection.execute(insert(table), list(rows))
            return
        command, types, as_json, pick = _copying(table, tuple(rows[0]))
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(command) as copy:
            copy.set_types(types)
            for row in rows:
                values = list(pick(row))
                for place in as_json:
                    values[place] = None if values[place] is None else encoded(values[place])
                copy.write_row(values)

    def reachable(self) -> bool:
        """Whether the server answers."""
        try:
            with self.reading() as connection:
                connection.execute(text("SELECT 1"))
        except (Unavailable, Misconfigured):
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


class _Within(Database):
    """A database whose transactions are the one that is open."""

    def __init__(self, whole: Database, connection: Connection) -> None:
        self.engine, self._whole, self._connection = whole.engine, whole, connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        yield self._connection

    def new_id(self, connection: Connection) -> int:
        return self._whole.new_id(connection)


@contextmanager
def _locked(database: str | None, name: str) -> Iterator[bool]:
    """Whether this process holds a lock beside the embedded database's file; always true in memory."""
    if not database or database == ":memory:":
        yield True
        return
    try:
        file = os.open(f"{database}.{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnavailable(f"database: {error.strerror}: {database}.{name}.lock") from error
    try:
        yield _lock(file)
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_AS_TEXT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def encoded(document: Any) -> bytes:
    """A JSON document; values of declarations as their element texts (a time in Vietnam's zone, as it was declared)."""
    return orjson.dumps(document, default=write, option=_AS_TEXT)


_Copying = tuple[str, list[str], list[int], Callable[[NewRow], tuple[Any, ...]]]


@lru_cache(maxsize=64)
def _copying(table: Table, names: tuple[str, ...]) -> _Copying:
    """How rows of these columns are copied: the command, the columns' types, which hold JSON, how values are picked.

    Binary, because a message's bytes would be written twice as long as text and parsed again, and numbers too.
    """
    columns = [table.c[name] for name in names]
    as_json = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
    types = [column.type.compile(_DIALECT).partition("(")[0].lower() for column in columns]
    for place in as_json:
        types[place] = "bytea"  # in binary format the server takes a document as its plain text
    listed = ", ".join(f'"{name}"' for name in names)
    return f'COPY "{table.name}" ({listed}) FROM STDIN (FORMAT BINARY)', types, as_json, itemgetter(*names)


def _reason(error: Exception) -> str:
    """The kind of failure; a driver's text may quote parameters, so it stays out of messages and logs."""
    return f"database: {in_words(error)}"
