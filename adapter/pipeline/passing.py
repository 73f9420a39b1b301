"""Persons who pass a gate by one declaration, so that a person in two groups is found: by paper, gate and time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.model.duties import OnceSpec
from adapter.model.stages import Declaration
from adapter.pipeline.converters import write
from adapter.pipeline.search_keys import search_value


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
        """Declarations of the same persons are judged one after the other."""
        return "once:" + hashlib.sha256("\n".join(sorted(self.rows)).encode()).hexdigest()


def passing(declaration: Declaration) -> Passing | None:
    """Who passes which gate and when; None if the procedure does not check it, or the declaration does not state it."""
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
            value = record.get(field)
            if value is not None and (key := search_value(kind, write(value))):
                rows.setdefault(key, (name, ordinal if group else 0))
    return Passing(procedure.code, write(gate), at, procedure.once, rows) if rows else None
