"""Copies written into an empty PostgreSQL store by COPY: indexes and constraints are taken away and made again after.

The gigabytes are told beforehand, and a disk that lacks one and a half times that is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import Any

from psycopg import sql
from sqlalchemy import JSON, Index, Table, UniqueConstraint, text

from adapter.gateways.store.database import Connection, Database, encoded
from adapter.gateways.store.database import _copying as copying
from adapter.gateways.store.tables import metadata
from tests.harness.seed.copies import Copy, Made, chained_seals, compiled, rows_of
from tests.harness.seed.crowd import TABLES, crowd
from tests.harness.seed.template import Rows, Template, names_of

SPARE = 1.5
"""The disk must have so many times what will be needed."""
_BLOCK = 1000
_YEAR = timedelta(days=365)
_AT_ONCE = 25
_OPEN_EVERY, _REST_EVERY = 100, 10
"""One copy in so many has all that runs and waits, and one all that has come to its end; the others are lean."""


class NoRoom(RuntimeError):
    """The disk has too little space; nothing was written."""


class Seed:
    """`count` dossiers of a template, with the bytes of a share `raw` of all messages and replies.

    `further`: so many people more for each one on a list (`crowd`).
    """

    def __init__(self, template: Template, *, count: int, raw: float, further: int = 0) -> None:
        self.template, self._raw, self._further = template, raw, further
        dossiers = [len(rows["dossier"]) for rows in _kinds(template)]
        self.copies = _copies(count, dossiers)
        self.dossiers = sum(dossiers[_kind(number)] for number in range(self.copies))
        self._stride = _BLOCK * ceil(1 + max(_ids(template)) / _BLOCK)

    def bytes_needed(self) -> int:
        """About how much the store will take on disk, its indexes too."""
        sizes = [
            _size(rows, self._raw) + self._further * _size(rows, self._raw, TABLES) for rows in _kinds(self.template)
        ]
        return sum(sizes[_kind(number)] for number in range(self.copies))

    def refuse_without_room(self, free: int) -> None:
        """`free`: bytes that the disk of the store has.

        Raises: NoRoom.
        """
        needed = self.bytes_needed()
        if free < SPARE * needed:
            raise NoRoom(
                f"{needed / 1e9:.1f} GB are needed and {SPARE * needed / 1e9:.1f} GB must be free; "
                f"the disk has {free / 1e9:.1f} GB: fewer dossiers (N), a smaller share of bytes (RAW), or another disk"
            )

    def write(self, database: Database, told: Callable[[int], None] = lambda _: None) -> None:
        """Fill an empty store that has its tables; `told` hears how many copies are written."""
        # Before the transaction, which a server ends that hears nothing for long.
        made = [compiled(self.template, rows) for rows in _kinds(self.template)]
        with database.transaction() as connection:
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
            with _bare(connection):
                self._once(database, connection)
                self._write(connection, made, told)
                if self._further:
                    crowd(connection, self._further)
            connection.execute(text("SELECT setval('ids', :last)"), {"last": self.copies * self._stride // _BLOCK + 1})
        with database.session() as connection:
            connection.execute(text("VACUUM ANALYZE"))

    def _once(self, database: Database, connection: Connection) -> None:
        for table in metadata.sorted_tables:
            database.insert(connection, table, self.template.once.get(table.name, []))

    def _write(
        self, connection: Connection, made: Sequence[dict[Table, list[Made]]], told: Callable[[int], None]
    ) -> None:
        seals: list[list[Any]] = []
        seal = metadata.tables["journal_seal"]
        for batch in _batches(self.copies):
            together: dict[Table, list[list[Any]]] = {}
            for number in batch:
                copy = Copy(number, self.template, stride=self._stride, earlier=self._earlier(number), raw=self._raw)
                for table, rows in rows_of(made[_kind(number)], copy).items():
                    together.setdefault(table, []).extend(rows)
            seals += together.pop(seal)
            for table, rows in together.items():
                _copy(connection, table, rows)
            told(batch[-1] + 1)
        _copy(connection, seal, list(chained_seals(iter(seals))))

    def _earlier(self, number: int) -> timedelta:
        """Copies spread over a year, those with the lowest numbers being the oldest."""
        return _YEAR * (self.copies - 1 - number) / max(self.copies, 1)


def _kinds(template: Template) -> tuple[Rows, Rows, Rows]:
    return template.lean, template.rest, template.whole


def _kind(number: int) -> int:
    """The place of a copy's rows among `_kinds`."""
    return 2 if number % _OPEN_EVERY == 0 else int(number % _REST_EVERY == 0)


def _copies(count: int, dossiers: Sequence[int]) -> int:
    made, number = 0, 0
    while made < count:
        made += dossiers[_kind(number)]
        number += 1
    return number


def _batches(count: int) -> Iterator[range]:
    for first in range(0, count, _AT_ONCE):
        yield range(first, min(count, first + _AT_ONCE))


def _ids(template: Template) -> Iterator[int]:
    yield 1
    for rows in (*template.whole.values(), *template.once.values()):
        yield from (row["id"] for row in rows if "id" in row)


def _copy(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    command, types, _, _ = copying(table, tuple(table.c.keys()))
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@contextmanager
def _bare(connection: Connection) -> Iterator[None]:
    """Without indexes and constraints; both are made again from what the server itself says of them."""
    constraints = connection.execute(
        text(
            "SELECT conrelid::regclass::text AS of, quote_ident(conname) AS name, pg_get_constraintdef(oid) "
            "AS definition FROM pg_constraint WHERE connamespace = current_schema()::regnamespace "
            "AND contype IN ('p', 'u', 'f') AND conrelid <> 'alembic_version'::regclass ORDER BY contype = 'f', conname"
        )
    ).all()
    indexes = connection.execute(
        text(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace "
            "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)"
        )
    ).all()
    for each in reversed(constraints):
        _run(connection, f"ALTER TABLE {each.of} DROP CONSTRAINT {each.name}")
    for each in indexes:
        _run(connection, f"DROP INDEX {each.name}")
    yield
    for each in indexes:
        _run(connection, each.definition)
    for each in constraints:
        _run(connection, f"ALTER TABLE {each.of} ADD CONSTRAINT {each.name} {each.definition}")


def _run(connection: Connection, statement: str) -> None:
    raw: Any = connection.connection.driver_connection
    raw.execute(sql.SQL(statement))  # type: ignore[arg-type]  # names and definitions are the server's own


def _size(rows: Rows, raw: float, tables: Sequence[Table] = metadata.sorted_tables) -> int:
    """Bytes of these rows on disk: a page's share of heads, values, and an entry in each index."""
    total = 0.0
    for table in tables:
        indexed = [[column.name for column in table.primary_key.columns]]
        indexed += [[c.name for c in index.columns if c is not None] for index in table.indexes if not _partial(index)]
        indexed += [[column.name for column in each.columns] for each in _unique(table)]
        for row in rows[table.name]:
            sizes = {name: _value_size(table, name, row[name], raw) for name in names_of(table)}
            total += (28 + sum(sizes.values())) * 1.05
            total += sum((20 + sum(sizes.get(name, 8) for name in names)) * 1.15 for names in indexed)
    return int(total)


def _unique(table: Table) -> list[UniqueConstraint]:
    return [each for each in table.constraints if isinstance(each, UniqueConstraint)]


def _partial(index: Index) -> bool:
    return index.dialect_options["postgresql"].get("where") is not None


def _value_size(table: Table, name: str, value: Any, raw: float) -> float:
    if value is None:
        return 0
    if isinstance(value, bytes):
        return len(value) * (raw if table.name != "certificate" else 1)
    if isinstance(table.c[name].type, JSON):
        return 4 + len(encoded(value))
    return 2 + len(value.encode()) if isinstance(value, str) else 8
