"""Whether two declarations declare the same: sent by both doors, or the window's own copy of a transferred one.

Not by their bytes: the second may be written by another program. By procedure, principal, gate, direction, expected
time and papers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from adapter.model.procedure import Procedure
from adapter.model.stages import Declaration, Record
from adapter.pipeline.converters import write
from adapter.pipeline.search_keys import PAPER, search_value

_PLACES = ("principal", "gate", "direction", "crossing")


def same_key(declaration: Declaration) -> str | None:
    """A digest (hexadecimal) that two declarations of the same have in common; None where no paper is declared."""
    procedure, values = declaration.verified.envelope.procedure, declaration.values
    papers = sorted({search_value(PAPER, text) for text in _papers(procedure, values, declaration.rows)})
    if not papers:
        return None
    said = [search_value(name, _text(values, procedure.place.get(name, ""))) for name in _PLACES]
    return hashlib.sha256("\n".join([procedure.code, *said, *papers]).encode()).hexdigest()


def _papers(procedure: Procedure, values: Record, rows: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    for kind, name in procedure.search:
        group, _, field = name.rpartition(".")
        if kind == PAPER:
            yield from (_text(record, field) for record in (rows.get(group, ()) if group else (values,)))


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else write(value)
