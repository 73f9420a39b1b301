"""The rows of a PostgreSQL database put back as they were, where its tables are: a copy of the whole by the server
costs it ten times as much, and each session would read the catalogue anew."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from adapter.gateways.store.database import Database

_KEPT = "as_it_was"
_SHAPE = """SELECT md5(string_agg(concat_ws(' ', oid, relname, relkind, relnatts, relchecks, relhastriggers, relacl),
    ',' ORDER BY oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"""
_ENDED = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND (state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))"""
"""Whoever is in a transaction, or holds a lock beyond it."""


class Rows:
    """Those that a database has when this is made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
            self._tables = sorted(names)
            self._filled = self._with_rows(connection)
            connection.execute(text(f"CREATE SCHEMA {_KEPT}"))
            for name in self._filled:
                connection.execute(text(f'CREATE TABLE {_KEPT}."{name}" AS TABLE public."{name}"'))
            sequences = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            self._sequences = [(each.sequencename, each.last_value) for each in connection.execute(text(sequences))]
            self._shape = connection.execute(text(_SHAPE)).scalar_one()

    def put_back(self) -> bool:
        """False, and nothing is changed: a table is another than it was."""
        with self._database.transaction() as connection:
            if connection.execute(text(_SHAPE)).scalar_one() != self._shape:
                return False
            connection.execute(text(_ENDED))
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no reference
            for name in self._with_rows(connection):
                connection.execute(text(f'DELETE FROM public."{name}"'))
            for name in self._filled:
                connection.execute(text(f'INSERT INTO public."{name}" SELECT * FROM {_KEPT}."{name}"'))
            for name, last in self._sequences:
                drawn = last is not None
                connection.execute(text(f"SELECT setval('public.{name}', {last or 1}, {drawn})"))
        return True

    def _with_rows(self, connection: Connection) -> Sequence[str]:
        asked = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM public.\"{name}\")" for name in self._tables
        )
        return list(connection.execute(text(asked)).scalars())
