"""Typed SQL views for reports, written from the mappings: one for each procedure in each version, one for each group.

A view shows the version of a dossier that is in force. Personal values are never in these views; `personal` makes one
more beside each, so that the right to read them can be given apart. Names come from the mappings and are always quoted.
"""
# ruff: noqa: S608  SQL is what this module writes; every identifier is quoted, every text a literal.

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from adapter.gateways.store.tables import Moment
from adapter.gateways.store.tables import dossier as dossiers
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import CONFIRMED
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.procedure import FieldSpec, GroupSpec, Procedure

MARK = "nsw-adapter report"
"""Stands in every view's own text or comment: only what bears it is ever dropped."""
PREFIX = "nsw_"
LONGEST = 63
"""Bytes of a name on PostgreSQL."""
DIALECTS: dict[str, Dialect] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}  # type: ignore[no-untyped-call]
_KEY = ("number", "year", "state", "version")
_DOSSIER = (
    *_KEY,
    *("channel", "gate", "unit", "crossing_at", "late", "received_at", "accepted_at", "confirm_due_at"),
    *("confirmed_at", "sent_at", "completed_at", "confirmation_number", "alias_number", "transferred"),
)
_NEWEST = (
    "(SELECT {time} FROM confirmation c JOIN outbox o ON o.id = c.outbox_id WHERE c.dossier_id = d.id "
    "AND o.taken_back_at IS NULL ORDER BY o.ordinal DESC LIMIT 1)"
)
_TIMES = {
    "confirmed_at": 'd."completed_at"',
    "sent_at": _NEWEST.format(time="COALESCE(o.readable_at, o.sent_at)"),
    "completed_at": _NEWEST.format(time="o.delivered_at"),
}
"""The newest confirmation's three times: it was signed, it was sent, the declarant had it (completion in law)."""
_STATE = " ".join(
    [
        'CASE d."state"',
        *(
            f"WHEN '{state.value}' THEN CASE WHEN {_TIMES['completed_at']} IS NOT NULL THEN '{completed}' "
            f"WHEN {_TIMES['sent_at']} IS NOT NULL THEN '{sent}' ELSE '{signed}' END"
            for state, (signed, sent, completed) in CONFIRMED.items()
        ),
        'ELSE d."state" END',
    ]
)
"""The state as people are shown it (`model/dossier.shown_state`)."""
_CASTS = {"integer": "bigint", "year": "bigint", "date": "date", "flag": "boolean"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column: its name, where its value comes from, and what it is called by people."""

    name: str
    source: str
    label: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """One view. `comment` names it for people and bears the mark."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]
    select: str


def views(catalogue: Catalogue, dialect: str, *, personal: bool) -> list[ReportView]:
    """Every view of the catalogue, in the order of their names.

    Raises:
        Misconfigured: two would have the same name.
    """
    made = [
        view
        for versions in catalogue.procedures.values()
        for procedure in versions
        if procedure.fields
        for view in _of_procedure(procedure, _Writer(dialect), personal=personal)
    ]
    names = [view.name for view in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(f"two views would have the name {', '.join(twice)}; rename a procedure, version or group")
    return sorted(made, key=lambda view: view.name)


def _of_procedure(procedure: Procedure, writer: _Writer, *, personal: bool) -> Iterator[ReportView]:
    lists: list[tuple[GroupSpec | None, tuple[FieldSpec, ...]]] = [(None, procedure.fields)]
    lists += [(group, group.fields) for group in procedure.groups]
    for group, fields in lists:
        yield writer.view(procedure, group, [field for field in fields if not field.personal], personal=False)
        hidden = [field for field in fields if field.personal]
        if personal and hidden:
            yield writer.view(procedure, group, hidden, personal=True)


def statements(view: ReportView, dialect: str) -> Iterator[str]:
    """What makes one view: its text, and on PostgreSQL its comments. SQLite keeps the comments in the text."""
    writer = _Writer(dialect)
    name = writer.quoted(view.name)
    lines = [f"    {column.source} AS {writer.quoted(column.name)}" for column in view.columns]
    if writer.is_postgresql:
        yield "\n".join([f"CREATE VIEW {name} AS", "SELECT", ",\n".join(lines), view.select])
        yield f"COMMENT ON VIEW {name} IS {_literal(view.comment)}"
        for column in view.columns:
            yield f"COMMENT ON COLUMN {name}.{writer.quoted(column.name)} IS {_literal(column.label)}"
        return
    remarks = [f"{line}{',' if number < len(lines) else ''}" for number, line in enumerate(lines, start=1)]
    told = [f"{line}  -- {_one_line(column.label)}" for line, column in zip(remarks, view.columns, strict=True)]
    yield "\n".join([f"CREATE VIEW {name} AS", f"-- {_one_line(view.comment)}", "SELECT", *told, view.select])


def create(connection: Connection, wanted: Iterable[ReportView]) -> None:
    """Drop the old views and make these, all in the caller's transaction.

    Raises:
        NotAllowed: something of somebody else's stands on one of them.
    """
    drop(connection)
    for view in wanted:
        for statement in statements(view, connection.dialect.name):
            _run(connection, statement)


def drop(connection: Connection) -> list[str]:
    """Drop every view that bears the mark; gives their names.

    Raises:
        NotAllowed: something of somebody else's stands on one of them.
    """
    writer = _Writer(connection.dialect.name)
    names = made(connection)
    for name in names:
        try:
            _run(connection, f"DROP VIEW {writer.quoted(name)}")
        except DBAPIError as error:
            raise NotAllowed(
                f"the view {name} cannot be dropped: does a view of yours stand on it? Drop that first"
            ) from error
    return names


def made(connection: Connection) -> list[str]:
    """Names of the views in the database that bear the mark."""
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'v' AND n.nspname = current_schema() "
            f"AND obj_description(c.oid, 'pg_class') LIKE '{MARK}%' ORDER BY 1"
        )
    else:
        query = f"SELECT name FROM sqlite_master WHERE type = 'view' AND instr(sql, '-- {MARK}') > 0 ORDER BY 1"
    return [row[0] for row in _run(connection, query)]


def _run(connection: Connection, statement: str) -> list[tuple[str, ...]]:
    """As it is: a label may hold `%` and `:`, which are no parameters."""
    done = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return [tuple(row) for row in done] if done.returns_rows else []


class _Writer:
    """SQL of one dialect."""

    def __init__(self, dialect: str) -> None:
        self.is_postgresql = dialect == "postgresql"
        self._dialect = DIALECTS[dialect]

    def quoted(self, name: str) -> str:
        quoted: str = self._dialect.identifier_preparer.quote_identifier(name)
        return quoted

    def view(
        self, procedure: Procedure, group: GroupSpec | None, fields: list[FieldSpec], *, personal: bool
    ) -> ReportView:
        """A procedure's view, or its group's; with only what is personal, or only what is not."""
        parts = [procedure.code, procedure.version, group.name if group else "", "personal" if personal else ""]
        name = PREFIX + "_".join(_snake(part) for part in parts if part)
        if len(name.encode()) > LONGEST:
            raise Misconfigured(f"the view {name} would have a name of more than {LONGEST} bytes; shorten it")
        label = group.label if group else procedure.title
        kind = "personal values; " if personal else ""
        columns = self._dossier(_KEY if group or personal else _DOSSIER)
        if group:
            columns.append(ViewColumn("ordinal", f"r.{self.quoted('ordinal')}", "Số thứ tự dòng / row number"))
        columns += self._declared(fields, "r" if group else "v", {column.name for column in columns})
        comment = f"{MARK}: {kind}{procedure.code} version {procedure.version}: {label.vi} / {label.en}"
        return ReportView(name, comment, tuple(columns), self._from(procedure, group))

    def _dossier(self, names: tuple[str, ...]) -> list[ViewColumn]:
        columns = []
        for name in names:
            source = _STATE if name == "state" else _TIMES.get(name, f"d.{self.quoted(name)}")
            is_time = name in _TIMES or isinstance(dossiers.c[name].type, Moment)
            if is_time and not self.is_postgresql:
                source = f"{source} || '+00:00'"
            columns.append(ViewColumn(f"dossier_{name}", source, f"Hồ sơ / dossier: {name.replace('_', ' ')}"))
        return columns

    def _declared(self, fields: list[FieldSpec], table: str, taken: set[str]) -> Iterator[ViewColumn]:
        for field in fields:
            name = _snake(field.name)
            while name in taken:
                name += "_declared"
            taken.add(name)
            mark = " [personal]" if field.personal else ""
            yield ViewColumn(name, self._value(table, field), f"{field.label.vi} / {field.label.en}{mark}")

    def _value(self, table: str, field: FieldSpec) -> str:
        values = f"{table}.{self.quoted('values')}"
        if self.is_postgresql:
            text = f"({values} ->> {_literal(field.name)})"
            if field.type == "datetime":
                return f"({text}::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')"
            return f"{text}::{_CASTS[field.type]}" if field.type in _CASTS else text
        if _PLAIN.fullmatch(field.name):
            value = f"json_extract({values}, '$.{field.name}')"
        else:  # a path has no way to spell every name
            value = f"(SELECT value FROM json_each({values}) WHERE key = {_literal(field.name)})"
        return f"{value} || '+07:00'" if field.type == "datetime" else value

    def _from(self, procedure: Procedure, group: GroupSpec | None) -> str:
        """The version in force, where its values are read under this version of the mapping."""
        rows = ""
        if group is not None:
            mine = f"r.{self.quoted('group')} = {_literal(group.name)}"
            rows = f"JOIN declaration_row r ON r.declaration_id = v.id AND {mine}\n"
        mapping = _literal(f"{procedure.code}/{procedure.version}")
        return (
            "FROM dossier d\n"
            "JOIN declaration v ON v.dossier_id = d.id AND v.version = d.version\n"
            f"{rows}"
            f"WHERE d.procedure = {_literal(procedure.code)} AND v.mapping = {mapping}"
        )


def _snake(name: str) -> str:
    """`expectedArrival` and `BQP0100001` as SQL is written: `expected_arrival`, `bqp0100001`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[^\w]+", "_", parted).lower()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one_line(text: str) -> str:
    return " ".join(text.split())
