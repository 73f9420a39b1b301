"""The database: engine, transactions, locks, ids in blocks, bulk inserts. The only user of a connection string.

Rollback is the default; leaving `transaction()` without an exception commits. What SQLAlchemy or the driver raises of a
server that cannot be reached, or cannot take anything now, leaves as Unavailable.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import psycopg
from sqlalchemy import JSON, Connection, Engine, Table, create_engine, event, insert, text
from sqlalchemy import Row as Stored
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from tenacity import Retrying, retry_if_exception_message, stop_after_delay, wait_random

from adapter.model.errors import Misconfigured, Unavailable
from adapter.pipeline.converters import write

__all__ = ["Connection", "Database", "DatabaseUnavailable", "Row", "Stored"]

_BLOCK = 1000
_READS, _ALTERS = "reads_only", "alters_tables"
_UNDEFINED_TABLE = "42P01"
_TOO_LARGE = "54"
"""The class of SQLSTATE for a row, an index entry or a statement that goes over the server's own limits."""
_IN_TURN = Retrying(
    retry=retry_if_exception_message(message="database is locked"),
    wait=wait_random(0.01, 0.1),
    stop=stop_after_delay(30),
    reraise=True,
)
"""A new file's first switch to WAL wants it alone and does not wait: of two first starts at once one could fail."""
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
Row = Mapping[str, Any]
"""A row to be inserted; `Stored` is one that was read."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or asks to try again."""


class Database:
    """One engine for one process. Must not be carried over a fork."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        try:
            self.engine = _engine(url, pool)
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
            with _sorted(), self.engine.begin() as connection:
                yield connection
            committed = True
        finally:
            if not committed:
                self._forget_ids()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that cannot write, and on SQLite takes no writer's turn.

        Raises:
            DatabaseUnavailable: the server cannot be reached or ended the transaction.
        """
        reads = {_READS: True}
        with _sorted(writes=False), self.engine.connect().execution_options(**reads) as connection, connection.begin():
            if not self.is_embedded:
                connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
                return
            connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("PRAGMA query_only=OFF")  # the connection goes back to the pool

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
        with _sorted(), self.engine.connect().execution_options(**{_ALTERS: True}) as connection:
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if broken:
                        raise RuntimeError(f"the change of tables leaves {len(broken)} rows of {broken[0][0]} astray")
            finally:
                # The connection goes back to the pool, and the pragma does nothing inside a transaction.
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]

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
        """After a rollback on SQLite: the block may be drawn again by another process."""
        if self.is_embedded:
            with self._ids_lock:
                self._ids = []

    def lock(self, connection: Connection, names: Iterable[str]) -> None:
        """Serialise on names (dossiers, message identities) until the transaction ends.

        Names are hashed to advisory locks and taken in one sorted order, so that no two transactions can wait for each
        other, and a dossier that has no row yet is locked all the same. On SQLite BEGIN IMMEDIATE has done it already.
        """
        if self.is_embedded:
            return
        keys = sorted(
            {int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) for name in names}
        )
        if keys:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS t(k, n)"),
                {"keys": keys},
            ).all()

    @contextmanager
    def alone(self, name: str) -> Iterator[Callable[[], None] | None]:
        """A way to ask whether this process still is the only one of all machines that does `name`; None: it is not.

        A lock of the session, which the server drops with the connection: a process that dies frees it, and one whose
        session is gone is told so when it asks (DatabaseUnavailable). SQLite serves one machine: there it is a lock of
        a file beside the database's.
        """
        if self.is_embedded:
            with _locked(self.engine.url.database, name) as mine:
                yield (lambda: None) if mine else None
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with _sorted(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
            yield partial(_ask, connection) if mine else None
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
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
            with self.transaction() as connection:
                connection.execute(text("SELECT 1"))
        except (Unavailable, Misconfigured):
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _ask(connection: Connection) -> None:
    """Anything, on the connection that holds the lock: it fails where the session is gone."""
    with _sorted():
        connection.execute(text("SELECT 1"))


@contextmanager
def _locked(database: str | None, name: str) -> Iterator[bool]:
    """Whether a lock beside the embedded database's file is ours; in memory there is nobody else."""
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


@contextmanager
def _sorted(*, writes: bool = True) -> Iterator[None]:
    """What time mends leaves as DatabaseUnavailable, whoever has raised it; anything else as it is."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable(_reason(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or _passes(error, error.orig, writes=writes):
            raise DatabaseUnavailable(_reason(error)) from error
        raise
    except psycopg.Error as error:  # COPY speaks to the driver itself: SQLAlchemy has not wrapped what it raises
        if _passes(error, error, writes=writes):
            raise DatabaseUnavailable(_reason(error)) from error
        raise


def _passes(error: Exception, cause: BaseException | None, *, writes: bool) -> bool:
    """Whether time mends it: the server is gone, full, or only reads just now (a standby, a disk that fills).

    What is too large for the server is so for ever, though the driver counts it among what passes.
    """
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return writes  # where we have said ourselves that we only read, it is a defect
    if isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith(_TOO_LARGE):
        return False
    return isinstance(error, (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError))


def encoded(document: Any) -> bytes:
    """A JSON document; values of declarations as their element texts (a time in Vietnam's zone, as it was declared)."""
    return orjson.dumps(document, default=write, option=orjson.OPT_PASSTHROUGH_DATETIME)


_Copying = tuple[str, list[str], list[int], Callable[[Row], tuple[Any, ...]]]


@lru_cache(maxsize=64)
def _copying(table: Table, names: tuple[str, ...]) -> _Copying:
    """How rows of these columns are copied: the command, the columns' types, which hold JSON, how values are picked.

    Binary, because a message's bytes would be written twice as long as text and parsed again, and numbers too.
    """
    columns = [table.c[name] for name in names]
    as_json = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
    types = [column.type.compile(_DIALECT).partition("(")[0].lower() for column in columns]
    for place in as_json:
        types[place] = "bytea"  # what the server takes for a document in binary is its plain text
    listed = ", ".join(f'"{name}"' for name in names)
    return f'COPY "{table.name}" ({listed}) FROM STDIN (FORMAT BINARY)', types, as_json, itemgetter(*names)


def _engine(url: str, pool: int) -> Engine:
    def as_text(document: Any) -> str:
        return encoded(document).decode()

    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 30}, json_serializer=as_text)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        event.listen(engine, "handle_error", _tell_what_is_not_made)
        return engine
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=pool,
        pool_pre_ping=False,
        pool_timeout=10,
        connect_args={"connect_timeout": 5, "application_name": "nsw-adapter"},
        json_serializer=as_text,
    )
    event.listen(engine, "handle_error", _tell_what_is_not_made)
    return engine


def _tell_what_is_not_made(context: ExceptionContext) -> None:
    """What is not there yet does not come by waiting: an operator makes it.

    Raises:
        Misconfigured: tables, or the embedded database's folder, are missing.
    """
    error = context.original_exception
    if getattr(error, "sqlstate", None) == _UNDEFINED_TABLE or str(error).startswith("no such table"):
        raise Misconfigured("database: the tables are not made: run nsw-adapter database upgrade")
    if context.engine and str(error) == "unable to open database file":
        _tell_the_place(Path(context.engine.url.database or ""))


def _tell_the_place(file: Path) -> None:
    """Where folder and file are there and ours, something is short for now (file descriptors), and that passes."""
    if not os.access(file.parent, os.F_OK):
        raise Misconfigured(f"database: the folder {file.parent} is not there: make it, for the service's user")
    for place in (file.parent, file):
        if os.access(place, os.F_OK) and not os.access(place, os.R_OK | os.W_OK):
            raise Misconfigured(f"database: this user may not read and write {place}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is deferred: it locks at the first write, after the reads it must protect (measured: a lost
    # update). So it is switched off, and `_begin_immediate` takes the lock first.
    connection.isolation_level = None
    for pragma in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _IN_TURN(connection.execute, "PRAGMA journal_mode=WAL")


def _begin_immediate(connection: Connection) -> None:
    options = connection.get_execution_options()
    reads = options.get(_READS)
    if options.get(_ALTERS):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _reason(error: Exception) -> str:
    """The kind of failure; a driver's text may quote parameters, so it stays out of messages and logs."""
    cause = getattr(error, "orig", None)
    return f"database: {type(cause or error).__name__}"
