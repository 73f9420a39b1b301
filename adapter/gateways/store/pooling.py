"""Whether a pooler shares one session of the server between clients (transaction mode): the adapter cannot work so.

The lock of the one clock belongs to a session, as do prepared statements and time-outs: in transaction mode they would
stay with a session that somebody else gets next.
"""

from __future__ import annotations

import psycopg
from sqlalchemy import text

from adapter.gateways.store.database import Connection, Database
from adapter.model.errors import Misconfigured

_REFUSED = "database: the address is of a pooler in transaction mode; use its session mode, or the server's own port"


def refuse_transaction_pooling(database: Database) -> None:
    """Two connections that are open at once have sessions of their own, unless a pooler shares one between them.

    Raises: Misconfigured where it does; DatabaseUnavailable.
    """
    if database.is_embedded:
        return
    with database.session() as first:
        mine = _session(first)
        if mine == _announced(first):
            return  # no pooler between
        with database.session() as second:
            if _session(second) == mine:
                raise Misconfigured(_REFUSED)


def _session(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _announced(connection: Connection) -> int:
    """The session's number from log-in: a pooler invents one."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.backend_pid
