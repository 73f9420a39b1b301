"""The rows of a filled store as they are to be repeated: which are at rest, and which words each copy varies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Table, select

from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.tables import metadata
from adapter.pipeline.search_keys import search_value

Rows = Mapping[str, list[dict[str, Any]]]
"""Rows by table."""
ONCE = {
    *(
        "window",
        "incident",
        "maintenance",
        "window_link",
        "counter",
        "token",
        "person",
        "customs_office",
        "session",
        "emergency_secret",
    ),
    *("expiry_alert", "journal_seal", "lookup_right", "lookup_count", "lookup_trace", "api_party", "assertion_seen"),
    *("mail_address", "mode_notice", "rate", "snapshot", "throughput", "delegation", "statement_value", "proposal"),
}
"""Tables that do not grow with dossiers, and the seals, which each copy makes anew."""
LARGE_FIRM = "tax_code"
"""The kind of key that one copy in twenty keeps: a firm with a twentieth of all dossiers."""
_NAMED = {
    "inbox": ("public_id", "identity", "message_id", "digest", "content_digest"),
    "outbox": ("message_id", "correlation_id", "digest"),
    "dossier": ("number", "confirmation_number", "alias_number"),
    "contingency": ("message_key", "number"),
    "draft": ("public_id", "message_key", "number", "sent_as"),
    "confirmation": ("number",),
    "amendment": ("number",),
    "amendment_request": ("number",),
    "declaration": ("digest",),
    "attempt": ("digest",),
    "certificate": ("serial", "fingerprint", "number"),
    "authorisation": ("holder", "principal"),
    "suspension": ("number",),
    "notification": ("cause",),
    "mail": ("message_id",),
    "stored_file": ("digest",),
}
"""What names a row, and so differs from copy to copy, wherever it is said."""
_REST = {
    "outbox": lambda row: row["sent_at"] is not None or row["taken_back_at"] is not None,
    "deadline": lambda row: row["ended_at"] is not None,
    "amendment": lambda row: row["state"] != "waiting",
    "amendment_request": lambda row: row["closed_at"] is not None,
    "inbox": lambda row: row["state"] == "settled",
    "attempt": lambda row: row["settled_at"] is not None,
    "suspension": lambda row: row["lifted_at"] is not None,
    "notification": lambda row: row["spread_at"] is not None,
    "mail": lambda row: row["state"] != "waiting",
}
"""When a row waits for nothing any more; in a store of a year nearly all are such."""


@dataclass(frozen=True)
class Template:
    """Rows of a store: `whole` with all that runs and waits, `rest` only what has come to its end, `lean` of that
    what belongs to dossiers and registers: without messages and entries of the journal that are of no dossier.
    """

    whole: Rows
    rest: Rows
    lean: Rows
    once: Rows
    """Rows that are written once: they do not grow with dossiers."""
    words: re.Pattern[str]
    firms: frozenset[str]
    """The words that the copies of the large firm keep."""
    _split: dict[str, list[str]] = field(default_factory=dict)

    def split(self, text: str) -> list[str]:
        """The text in parts, every other one of which is a word that varies."""
        found = self._split.get(text)
        if found is None:
            found = self._split[text] = self.words.split(text)
        return found


def template(database: Database) -> Template:
    """Read a filled store."""
    with database.reading() as connection:
        rows = {table.name: _rows(connection, table) for table in metadata.sorted_tables}
    words, firms = _words(rows)
    # The first migration makes the window's row, seals are made with each copy, PostgreSQL draws ids from a sequence.
    once = {name: rows[name] for name in ONCE - {"window", "counter", "journal_seal"}}
    whole, rest = _closed(rows, lambda *_: True), _closed(rows, _at_rest(rows))
    return Template(whole, rest, _closed(rest, _is_needed), once, _any_of(words), frozenset(firms))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """The longest one that begins at a place. By their first two letters: to try thousands at each place takes long."""
    begun: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        begun.setdefault(word[:2], []).append(re.escape(word[2:]))
    each = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in begun.items())
    return re.compile(f"({'|'.join(each)})")


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns)
    if table.name == "journal":  # a chain is made anew from its beginning
        query = select(table).order_by(table.c.dossier_id, table.c.ordinal, table.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def _at_rest(rows: Rows) -> Any:
    """Whether a row belongs to a dossier in which nothing runs or waits, or to none and waits for nothing itself."""
    restless = {
        row["dossier_id"]
        for name, rests in _REST.items()
        for row in rows[name]
        if row.get("dossier_id") is not None and not rests(row)
    }

    def is_at_rest(name: str, row: Mapping[str, Any]) -> bool:
        of = row["id"] if name == "dossier" else row.get("dossier_id")
        return of not in restless and (name not in _REST or _REST[name](row))

    return is_at_rest


_OF_NONE = ("inbox", "journal")
"""Tables in which a story leaves many rows of no dossier: sixteen messages for each dossier would be too many."""


def _is_needed(name: str, row: Mapping[str, Any]) -> bool:
    return name not in _OF_NONE or row["dossier_id"] is not None


def _closed(rows: Rows, wanted: Any) -> Rows:
    """The wanted rows whose every reference leads to one of them."""
    kept = {
        table.name: [row for row in rows[table.name] if table.name not in ONCE and wanted(table.name, row)]
        for table in metadata.sorted_tables
    }
    while True:
        ids = {name: {row.get(_key(name)) for row in each} for name, each in kept.items()}
        left = {name: [row for row in each if _leads(name, row, ids)] for name, each in kept.items()}
        if left == kept:
            return kept
        kept = left


def _key(name: str) -> str:
    """The column by which others refer to a row of the table."""
    return next(iter(metadata.tables[name].primary_key.columns)).name


def _leads(name: str, row: Mapping[str, Any], ids: Mapping[str, set[Any]]) -> bool:
    links = [(key.parent.name, key.column.table.name) for key in metadata.tables[name].foreign_keys]
    links += _UNCHECKED.get(name, [])
    return all(row[column] is None or row[column] in ids[to] for column, to in links)


_UNCHECKED = {"declaration_row": [("declaration_id", "declaration")], "search_key": [("dossier_id", "dossier")]}
"""References that the database does not check."""


def _words(rows: Rows) -> tuple[set[str], set[str]]:
    words = {
        str(row[column])
        for name, columns in _NAMED.items()
        for row in rows[name]
        for column in columns
        if row[column] and len(str(row[column])) > 4
    }
    keys: dict[int, set[tuple[str, str]]] = {}
    for row in rows["search_key"]:
        keys.setdefault(row["dossier_id"], set()).add((row["kind"], row["value"]))
        words.add(row["value"])
    firms = {row["value"] for row in rows["search_key"] if row["kind"] == LARGE_FIRM}
    for dossier_id, text in _declared(rows):
        for kind, value in keys.get(dossier_id, ()):
            if search_value(kind, text) == value:
                words.add(text)
                if kind == LARGE_FIRM:
                    firms.add(text)
    return {word for word in words if len(word) > 3}, firms


def _declared(rows: Rows) -> Iterator[tuple[int, str]]:
    """Every text that was declared, with the dossier that it was declared for."""
    of = {row["id"]: row["dossier_id"] for row in rows["declaration"]}
    for row in rows["declaration"]:
        yield from ((row["dossier_id"], text) for text in row["values"].values() if isinstance(text, str))
    for row in rows["declaration_row"]:
        texts = (text for text in row["values"].values() if isinstance(text, str))
        yield from ((of[row["declaration_id"]], text) for text in texts)


def is_json(table: Table, column: str) -> bool:
    """Whether a column holds a document."""
    return isinstance(table.c[column].type, JSON)


def names_of(table: Table) -> list[str]:
    """The names of a table's columns, in their order."""
    return list(table.c.keys())
