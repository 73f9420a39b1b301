"""Whether two declarations declare the same: sent by both doors, or the window's own copy of a transferred one.

Not by their bytes: the second may be written by another program. By procedure, principal, gate, direction, expected
time and papers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from adapter.model.stages import Declaration
from adapter.pipeline.converters import write
from adapter.pipeline.search_keys import PAPER, search_value

_PLACES = ("principal", "gate", "direction", "crossing")


def same_key(declaration: Declaration, papers: Iterable[str] | None = None) -> str | None:
    """A digest (hexadecimal) that two declarations of the same have in common; None where no paper is declared.

    `papers`: its papers as search keys, of whoever has them already.
    """
    procedure, values = declaration.verified.envelope.procedure, declaration.values
    stated = sorted(_papers(declaration) if papers is None else papers)
    if not stated:
        return None
    places = [values.get(procedure.place.get(name, "")) for name in _PLACES]
    parts = ["" if at is None else search_value(name, write(at)) for name, at in zip(_PLACES, places, strict=True)]
    return hashlib.sha256("\n".join([procedure.code, *parts, *stated]).encode()).hexdigest()


def _papers(declaration: Declaration) -> set[str]:
    found = set()
    for kind, name in declaration.verified.envelope.procedure.search:
        if kind == PAPER:
            group, _, field = name.rpartition(".")
            records = declaration.rows.get(group, ()) if group else (declaration.values,)
            found |= {search_value(PAPER, write(record[field])) for record in records if field in record}
    return found - {""}
