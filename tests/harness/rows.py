"""The rows of a PostgreSQL database put back as they were, where its tables are: a copy of the whole by the server
costs it ten times as much, and each session would read the catalogue anew."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from adapter.gateways.store.database import Database

_SHAPE = """SELECT md5(string_agg(concat_ws(' ', oid, relname, relkind, relnatts, relchecks, relhastriggers, relacl),
    ',' ORDER BY oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"""
_ENDED = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
_AT_WORK = " AND (state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))"
"""Whoever is in a transaction, or holds a lock beyond it."""
_VIEWS = "SELECT string_agg(format('%I', viewname), ', ') FROM pg_views WHERE schemaname = 'public'"
_SIZE = """SELECT sum(pg_relation_size(oid)) FROM pg_class
    WHERE relkind IN ('r', 't') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)"""


class Rows:
    """Those that a database has when this is made; `kept`: the schema in which they stand beside it."""

    def __init__(self, database: Database, kept: str = "as_it_was") -> None:
        self._database, self._kept = database, kept
        with database.transaction() as connection:
            names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
            self._tables = sorted(names)
            self._filled = self._with_rows(connection)
            connection.execute(text(f"DROP SCHEMA IF EXISTS {kept} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {kept}"))
            for name in self._filled:
                connection.execute(text(f'CREATE TABLE {kept}."{name}" AS TABLE public."{name}"'))
            sequences = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            self._sequences = [(each.sequencename, each.last_value) for each in connection.execute(text(sequences))]
            self._shape = connection.execute(text(_SHAPE)).scalar_one()

    def put_back(self, *, alone: bool = False) -> bool:
        """False, and nothing is changed: a table is another than it was. `alone`: every other session is ended, and no
        view stays, as tables are made without any."""
        with self._database.transaction() as connection:
            if alone and (views := connection.execute(text(_VIEWS)).scalar_one()):
                connection.execute(text(_ENDED))
                connection.execute(text(f"DROP VIEW {views} CASCADE"))
            if connection.execute(text(_SHAPE)).scalar_one() != self._shape:
                return False
            connection.execute(text(_ENDED if alone else _ENDED + _AT_WORK))
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no reference
            for name in self._with_rows(connection):
                connection.execute(text(f'DELETE FROM public."{name}"'))
            for name in self._filled:
                connection.execute(text(f'INSERT INTO public."{name}" SELECT * FROM {self._kept}."{name}"'))
            for name, last in self._sequences:
                drawn = last is not None
                connection.execute(text(f"SELECT setval('public.{name}', {last or 1}, {drawn})"))
        return True

    def bytes(self) -> int:
        """What the tables take, with what was deleted."""
        with self._database.transaction() as connection:
            return int(connection.execute(text(_SIZE)).scalar_one())

    def _with_rows(self, connection: Connection) -> Sequence[str]:
        asked = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM public.\"{name}\")" for name in self._tables
        )
        return list(connection.execute(text(asked)).scalars())
