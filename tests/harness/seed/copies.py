"""One copy of a template: its rows with ids, words and times of their own, its chains of the journal made anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, Table
from stdnum.vn import mst

from adapter.gateways.store.database import encoded
from adapter.gateways.store.journal import Entry, entry_hash
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.seals import content, sealed_digest
from adapter.gateways.store.tables import metadata
from tests.harness.seed.template import Rows, Template, is_json, names_of

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX = re.compile(r"[0-9a-f-]{32,}")
_PERSON, _FIRM = re.compile(r"0[0-9]{11}"), re.compile(r"[0-9]{10}")
"""A personal number, and the tax code of a firm: both are searched for by those whose form is right."""
_FIRM_EVERY = 20
_REGISTERS = frozenset({"certificate", "authorisation"})
"""A firm declares many times and registers once: in each copy these are of somebody else."""
Value = Callable[["Copy"], Any]
Made = tuple[list[Any], list[tuple[int, Value]]]
"""A row as every copy has it, and what differs: by its place, how it is had for a copy."""


class Copy:
    """What is particular to one copy: its number, what is added to ids and times, how a word is varied."""

    def __init__(self, number: int, template: Template, *, stride: int, earlier: timedelta, raw: float) -> None:
        self.number, self.offset, self.earlier = number, number * stride, earlier
        self.raw_until, self.asked = int(raw * 10_000), number * 7919
        code = ""
        for _ in range(4):
            number, digit = divmod(number, 36)
            code = _DIGITS[digit] + code
        self._code = code
        self._kept = template.firms if self.number % _FIRM_EVERY == 0 else frozenset()
        self._varied: dict[str, str] = {}

    def word(self, word: str) -> str:
        """The word as this copy says it; another of the same form, but for the firms that declare in many copies."""
        return word if word in self._kept else self.own_word(word)

    def own_word(self, word: str) -> str:
        """Another word of the same form, which no other copy says."""
        found = self._varied.get(word)
        if found is None:
            if _HEX.fullmatch(word):
                found = f"{self.number:08x}{word[8:]}"
            elif _PERSON.fullmatch(word):
                found = f"{word[:6]}{(int(word[6:]) + self.number) % 1_000_000:06d}"
            elif _FIRM.fullmatch(word):
                found = _firm(int(word[:9]) + self.number)
            else:
                found = word + self._code
            self._varied[word] = found
        return found

    def has_raw(self) -> bool:
        """Whether the next bytes of a message are kept."""
        self.asked += 6151
        return self.asked % 10_000 < self.raw_until


def _firm(number: int) -> str:
    """A tax code with its check digit; one number of eleven has none, and that of another firm stands for it."""
    digits = f"{number % 1_000_000_000:09d}"
    check = mst.calc_check_digit(digits)
    return digits + check if len(check) == 1 else _firm(number + 500_000)


def compiled(template: Template, rows: Rows) -> dict[Table, list[Made]]:
    """Of each row how its values are had for a copy; documents are bytes of JSON."""
    return {
        table: [_made(table, row, template) for row in rows[table.name]]
        for table in metadata.sorted_tables
        if rows[table.name]
    }


def _made(table: Table, row: Mapping[str, Any], template: Template) -> Made:
    """Most values are the same in each of the copies, of which there are thousands."""
    names = names_of(table)
    same = [encoded(row[name]) if is_json(table, name) and row[name] is not None else row[name] for name in names]
    varied = [(place, _varied(table, name, row[name], template)) for place, name in enumerate(names)]
    return same, [(place, value) for place, value in varied if value is not None]


def _varied(table: Table, name: str, value: Any, template: Template) -> Value | None:
    column = table.c[name]
    if value is None:
        return None
    if name == "seal":
        return lambda copy: copy.number + 1
    if isinstance(column.type, BigInteger) and (column.primary_key or column.foreign_keys):
        return lambda copy: value + copy.offset
    if isinstance(value, datetime):
        return lambda copy: value - copy.earlier
    if isinstance(column.type, LargeBinary):
        return None if table.name == "certificate" else lambda copy: value if copy.has_raw() else b""
    if is_json(table, name):
        return _document(encoded(value).decode(), template)
    if not isinstance(value, str):
        return None
    return _text(value, template, Copy.own_word if table.name in _REGISTERS else Copy.word)


def _document(text: str, template: Template) -> Value | None:
    varied = _text(text, template)
    return None if varied is None else lambda copy: varied(copy).encode()


def _text(text: str, template: Template, word: Callable[[Copy, str], str] = Copy.word) -> Value | None:
    *parts, tail = template.split(text)
    if not parts:
        return None

    def value(copy: Copy) -> str:
        said = [word(copy, part) if place % 2 else part for place, part in enumerate(parts)]
        return "".join(said) + tail

    return value


def rows_of(made: dict[Table, list[Made]], copy: Copy) -> dict[Table, list[list[Any]]]:
    """A copy's rows by table, with its seal; every chain of the journal proves itself."""
    found = {table: [_row(each, copy) for each in rows] for table, rows in made.items()}
    _chain(found, copy)
    return found


def _row(made: Made, copy: Copy) -> list[Any]:
    row = made[0].copy()
    for place, value in made[1]:
        row[place] = value(copy)
    return row


def _chain(found: dict[Table, list[list[Any]]], copy: Copy) -> None:
    journal, dossiers, seals = (metadata.tables[name] for name in ("journal", "dossier", "journal_seal"))
    names = journal.c.keys()
    at = {name: names.index(name) for name in names}
    heads: dict[int, str] = {}
    covered = []
    for row in found.get(journal, ()):
        key = row[at["dossier_id"]]
        previous = heads.get(key, "") if key is not None else ""
        entry = Entry(row[at["event"]], row[at["actor"]], row[at["at"]], json.loads(row[at["detail"]]))
        row[at["previous"]] = previous
        row[at["hash"]] = hashed = entry_hash(previous, key, row[at["ordinal"]], entry)
        if key is not None:
            heads[key] = hashed
        covered.append((row[at["id"]], hashed))
    head, key = dossiers.c.keys().index("journal_head"), dossiers.c.keys().index("id")
    for row in found.get(dossiers, ()):
        row[head] = heads.get(row[key], "")
    found[seals] = [_seal(covered, found, copy, at["at"])]


def _seal(covered: list[tuple[int, str]], found: dict[Table, list[list[Any]]], copy: Copy, when: int) -> list[Any]:
    journal, seals = metadata.tables["journal"], metadata.tables["journal_seal"]
    at = max(row[when] for row in found[journal])
    values: NewRow = {
        "id": copy.offset + 1,
        "at": at,
        "heads": 0,
        "number": copy.number + 1,
        "entries": len(covered),
        "covered": content(sorted(covered)),
    }
    return [values.get(name) for name in names_of(seals)] + [values["covered"]]


def chained_seals(seals: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """The seals of all copies, each on top of the one before it."""
    names = metadata.tables["journal_seal"].c.keys()
    digest, number, entries, before, at = (
        names.index(name) for name in ("digest", "number", "entries", "previous", "at")
    )
    previous = ""
    for *row, covered in seals:
        row[before] = previous
        row[digest] = previous = sealed_digest(previous, row[number], row[at], row[entries], covered)
        yield row
