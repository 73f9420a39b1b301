"""Whether two declarations declare the same (by both doors, the window's own copy), or one person in two groups.

Not by their bytes: the second may be written by another program. By procedure, principal, gate, direction, expected
time and papers; of a person who stands in two groups, by his paper, the gate and the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.model.procedure import OnceSpec, Procedure
from adapter.model.stages import Declaration, Record
from adapter.pipeline.converters import write
from adapter.pipeline.names import folded

PAPER = "paper"
"""The kind of search key that names an identity paper."""
_STORED = 255
"""Letters of a search key."""
_PLACES = ("principal", "gate", "direction", "crossing")


def same_key(declaration: Declaration) -> str | None:
    """A digest (hexadecimal) that two declarations of the same have in common; None where no paper is declared."""
    procedure, values = declaration.verified.envelope.procedure, declaration.values
    papers = sorted({_plain(text) for text in _papers(procedure, values, declaration.rows)})
    if not papers:
        return None
    said = [_plain(_text(values, procedure.place.get(name, ""))) for name in _PLACES]
    return hashlib.sha256("\n".join([procedure.code, *said, *papers]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Passing:
    """Who passes a gate by one declaration: his search keys (`once` of the mapping) at one time."""

    procedure: str
    gate: str
    at: datetime
    once: OnceSpec
    rows: Mapping[str, tuple[str, int]]
    """By key as it is stored: the field, and the first row that it stands in (0 outside the groups)."""

    def meets(self, procedure: str, gate: str | None, at: datetime | None) -> bool:
        """Whether another dossier passes the same gate at the same time."""
        if at is None or (procedure, gate) != (self.procedure, self.gate):
            return False
        return abs(self.at - at) < timedelta(hours=self.once.hours)

    @property
    def lock_name(self) -> str:
        """Two that declare the very same persons are judged one after the other."""
        return "once:" + hashlib.sha256("\n".join(sorted(self.rows)).encode()).hexdigest()


def passing(declaration: Declaration) -> Passing | None:
    """Who passes which gate when; None where the procedure does not ask it, or the declaration does not say."""
    procedure, values = declaration.verified.envelope.procedure, declaration.values
    gate, at = (values.get(procedure.place.get(name, "")) for name in ("gate", "crossing"))
    if procedure.once is None or gate is None or not isinstance(at, datetime):
        return None
    rows: dict[str, tuple[str, int]] = {}
    for kind, name in procedure.search:
        if kind != procedure.once.key:
            continue
        group, _, field = name.rpartition(".")
        for ordinal, record in enumerate(declaration.rows.get(group, ()) if group else (values,), start=1):
            if key := _plain(_text(record, field))[:_STORED]:
                rows.setdefault(key, (name, ordinal if group else 0))
    return Passing(procedure.code, write(gate), at, procedure.once, rows) if rows else None


def _papers(procedure: Procedure, values: Record, rows: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    for kind, name in procedure.search:
        group, _, field = name.rpartition(".")
        if kind == PAPER:
            yield from (_text(record, field) for record in (rows.get(group, ()) if group else (values,)))


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else write(value)


def _plain(text: str) -> str:
    """As search keys are compared: accents folded, upper case, without separators."""
    return "".join(sign for sign in folded(text) if sign.isalnum())
