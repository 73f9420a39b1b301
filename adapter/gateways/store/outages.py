"""Which database errors are temporary, and after which a pooled connection must not be used again. Pure."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TOO_LARGE = "54"
"""A row, an index entry or a statement beyond the server's limits: a permanent error."""
_PASSING = {
    *("08", "53", "57", "58"),  # the connection, resources, an operator's or the system's intervention
    *("40", "55"),  # two transactions that meet, an object that is not in the state for it
    *("0B", "24", "25", "26", "2D", "34", "3B"),  # the state of this session, its transaction, cursors and statements
    *("XX001", "XX002"),  # damaged files: the operator repairs them, it is no fault of a message
    "42P05",  # a prepared statement of that name is there: another client's, behind a pooler
}
"""Classes of SQLSTATE, and single states."""
_OUR_OWN = {"40", "55P03", "57014"}
"""Only this transaction failed: it conflicted with another, or took too long. The connection may be used on."""
_STALE_PLAN = "RevalidateCachedQuery"
"""The server's function that tells a prepared statement whose tables a migration has changed."""


def passes(error: Exception, *, writes: bool = True) -> bool:
    """Whether it is temporary: the server is lost, full or read-only, or the session's state is lost.

    `writes`: whether the transaction was one that may write.
    """
    if isinstance(error, (PoolTimeout, PendingRollbackError)):
        return True
    cause = driver_error(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return writes  # in a transaction that we made read-only ourselves it is a defect
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        return writes
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return _told_to_pass(cause, cause.sqlstate)
    return isinstance(error, (OperationalError, InterfaceError)) or isinstance(
        cause, (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
    )


def spoils(error: Exception) -> bool:
    """Whether the pool's connections must not be used again: they may lead to the wrong server by now."""
    state = getattr(driver_error(error), "sqlstate", None) or ""
    return not isinstance(error, PoolTimeout) and not _among(state, _OUR_OWN)


WORDS = {
    "NoAnswer": "it took a statement and has not answered in time: it is frozen, or the line to it is cut",
    "ConnectionTimeout": "it does not answer while we connect: it is frozen, or the line to it is cut",
    "QueryCanceled": "a statement took longer than database.answer_s",
    "LockNotAvailable": "another process has held a lock for too long",
    "IdleInTransactionSessionTimeout": "it has ended a session that stood still",
    "AdminShutdown": "it is being shut down, or the session was ended",
    "CrashShutdown": "it has crashed and is being started again",
    "CannotConnectNow": "it is starting, stopping or recovering",
    "TooManyConnections": "it has no connection left",
    "ReadOnlySqlTransaction": "it only reads just now: a standby, or a disk that is full",
    "DiskFull": "its disk is full",
    "OutOfMemory": "it has no memory left",
    "TimeoutError": "every connection of ours is in use",
    "OperationalError": "it cannot be reached, or cannot be used just now",
    "InterfaceError": "the connection to it is gone",
}
"""What the kinds of failure mean, by the names that drivers give them."""


def in_words(error: Exception) -> str:
    """The kind of failure and what it means. Never a driver's text: it may quote parameters."""
    name = type(driver_error(error) or error).__name__
    return f"{name}: {WORDS[name]}" if name in WORDS else name


def driver_error(error: Exception) -> BaseException | None:
    """The error of the driver; COPY uses the driver without SQLAlchemy."""
    return error.orig if isinstance(error, DBAPIError) else error


def _told_to_pass(cause: psycopg.Error, state: str) -> bool:
    if state.startswith(_TOO_LARGE):
        return False
    stale = cause.diag.source_function == _STALE_PLAN
    return stale or _among(state, _PASSING) or isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))


def _among(state: str, states: set[str]) -> bool:
    return state[:2] in states or state in states
