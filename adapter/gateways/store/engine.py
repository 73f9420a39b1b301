"""The engine for a url: several hosts, time limits, and connections that do not wait for ever.

A frozen server still acknowledges packets, so keepalives and its own time-outs do not show it: the client measures.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.abc import RV, PQGen
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from tenacity import Retrying, retry_if_exception_message, stop_after_delay, wait_random

from adapter.gateways.addresses import several_hosts
from adapter.model.errors import Misconfigured

READS, ALTERS = "reads_only", "alters_tables"
_UNDEFINED_TABLE = "42P01"
_BARRED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_EFFECTIVE = os.access in os.supports_effective_ids
_CONNECT_S = 5
_POOL_S = 5
_LATER_S = 2.0
"""Seconds by which the client's limit exceeds the server's: the server's error says more."""
_INTERVAL_S = 0.1
_OVER_THE_LINE = {
    # The connection: a peer that does not acknowledge for ten seconds is lost.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_OF_SEVERAL = {"target_session_attrs": "read-write"}
"""The server that takes writes. A single host may be read while it takes none."""
_AT_THE_SERVER = {
    # The server frees the locks of a lost machine and of a process that is stopped.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "120s",
}
_IN_TURN = Retrying(
    retry=retry_if_exception_message(message="database is locked"),
    wait=wait_random(0.01, 0.1),
    stop=stop_after_delay(30),
    reraise=True,
)
"""The first switch of a new file to WAL needs it alone and does not wait: two first starts at once could fail."""


class NoAnswer(psycopg.OperationalError):
    """The server took the statement and does not answer: it is frozen, or the connection is."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is given up where its server does not answer within `answer_s` seconds; None: it waits."""

    answer_s: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL_S, timeout: float | None = None) -> RV:
        """As its parent; answers of a server that was given up are never read.

        Raises: NoAnswer.
        """
        if timeout is not None or self.answer_s is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_s)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise NoAnswer(f"no answer within {self.answer_s:g} s") from None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a statement may take, and wait for a lock, in seconds; None: as long as it takes (a migration)."""

    answer_s: float | None = None

    def settings(self) -> dict[str, str]:
        """The options for the server."""
        if self.answer_s is None:
            return {}
        milliseconds = round(self.answer_s * 1000)
        return {"statement_timeout": f"{milliseconds}", "lock_timeout": f"{round(milliseconds * 0.8)}"}


def engine(url: str, *, pool: int, waits: Waits, as_text: Callable[[Any], str]) -> Engine:
    """An engine for one process; `as_text` writes JSON.

    Raises: ValueError, SQLAlchemyError for a url that cannot be read.
    """
    if url.startswith("sqlite"):
        made = create_engine(url, connect_args={"timeout": 30}, json_serializer=as_text, json_deserializer=orjson.loads)
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_immediate)
    else:
        stated = several_hosts(url)
        wanted = _OVER_THE_LINE | (_OF_SEVERAL if "," in str(stated.query.get("host", "")) else {})
        made = create_engine(
            stated,
            # Connections beyond `pool` stay open too: making one costs more than most statements.
            pool_size=2 * pool,
            max_overflow=0,
            pool_use_lifo=True,
            pool_pre_ping=False,
            pool_timeout=_POOL_S,
            connect_args={
                "connect_timeout": _CONNECT_S,
                "application_name": "nsw-adapter",
                **{name: value for name, value in wanted.items() if name not in stated.query},
            },
            json_serializer=as_text,
            json_deserializer=orjson.loads,
        )
        event.listen(made, "do_connect", _connecting(waits))
    event.listen(made, "handle_error", _tell_what_is_not_made)
    return made


def _connecting(waits: Waits) -> Callable[..., PatientConnection]:
    told = {**_AT_THE_SERVER, **waits.settings()}

    def connect(_dialect: Any, _record: Any, args: Any, parameters: Any) -> PatientConnection:
        connection = PatientConnection.connect(*args, **parameters, autocommit=True)
        # COPY asks for a dumper by the server's type, and DB-API's own in Python was registered last.
        connection.adapters.register_dumper(bytes, BytesBinaryDumper)
        connection.answer_s = _CONNECT_S
        # By statements: a pooler refuses start-up options.
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in told.items()))
        connection.autocommit = False
        connection.answer_s = None if waits.answer_s is None else waits.answer_s + _LATER_S
        return connection

    return connect


def _tell_what_is_not_made(context: ExceptionContext) -> None:
    """Missing tables are an operator's task: waiting does not help.

    Raises:
        Misconfigured: tables, or the embedded database's folder, are missing, or it may not be written.
    """
    error = context.original_exception
    if getattr(error, "sqlstate", None) == _UNDEFINED_TABLE or str(error).startswith("no such table"):
        raise Misconfigured("database: the tables are not made: run nsw-adapter database upgrade")
    if context.engine and getattr(error, "sqlite_errorcode", 0) & 0xFF in _BARRED:
        _tell_the_place(Path(context.engine.url.database or ""))


def _tell_the_place(file: Path) -> None:
    """If folder and file exist and are ours, a resource is short now (file descriptors): a temporary error."""
    if not os.access(file.parent, os.F_OK):
        raise Misconfigured(f"database: the folder {file.parent} is not there: make it, for the service's user")
    for place in (file.parent, file):
        if os.access(place, os.F_OK) and not os.access(place, os.R_OK | os.W_OK, effective_ids=_EFFECTIVE):
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
    reads = options.get(READS)
    if options.get(ALTERS):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
