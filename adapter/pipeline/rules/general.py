"""Rules that need no line in a mapping: lateness, whom the door authenticated, characters that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from adapter.model.duties import Unit
from adapter.model.finding import Finding, Severity
from adapter.model.procedure import Label
from adapter.model.stages import Record
from adapter.pipeline.converters import write
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.view import View, text
from adapter.pipeline.terms import DECLARE_BEFORE, DECLARE_WITHIN, is_late
from adapter.pipeline.trust.holder import plain

_LATE = {DECLARE_BEFORE: "declared_late", DECLARE_WITHIN: "declared_late_after"}
"""The name of a missed time limit, by its kind."""

_UNSEEN = ("Cf", "Co", "Cn")
"""Zero-width, bidi and tag characters; private use; not assigned: each font shows something else, or nothing."""
_TOLD = 5
"""Characters that one finding names."""


def general(view: View) -> Iterator[Finding]:
    """The rules that apply to every procedure."""
    yield from _late(view)
    yield from _stranger(view)
    yield from _unseen(view)


def _late(view: View) -> Iterator[Finding]:
    """Late is flagged, never refused: the Decision names no consequence (Articles 10, 14)."""
    for kind, name in _LATE.items():
        limit = view.procedure.deadline(kind, view.declaration.values)
        if limit is None or limit.field is None:
            continue
        for ordinal, value, _ in view.stated(limit.field):
            if isinstance(value, datetime) and is_late(limit, view.declaration.declared_at, value, view.calendar):
                words = {"amount": f"{limit.amount:g}", **named(UNITS[limit.unit], "unit")}
                yield Finding(name, view.at(limit.field, ordinal), Severity.WARN, words=words)


UNITS = {
    Unit.HOURS: Label(vi="giờ", en="hours"),
    Unit.DAYS: Label(vi="ngày", en="days"),
    Unit.WORKING_DAYS: Label(vi="ngày làm việc", en="working days"),
}
"""What a time limit is counted in, for people."""


def _stranger(view: View) -> Iterator[Finding]:
    """Whom the door authenticated must be a declarant of this declaration (Article 3(4))."""
    bound = view.declaration.verified.envelope.submission.bound_to
    if bound is None:
        return
    names = view.procedure.identities
    stated = {plain(text(value)) for name in names for _, value, _ in view.stated(name)}
    if plain(bound) not in stated:
        yield Finding(name="identity_mismatch", pointer=view.base, severity=Severity.REJECT)


def _unseen(view: View) -> Iterator[Finding]:
    """A value looks as it is: what turns, hides or splits its letters deceives whoever compares it with a paper."""
    if _beyond_ascii(view).isprintable():  # nearly every declaration; no letter of those categories can be printed
        return
    for group, ordinal, record in _records(view):
        for name, value in record.items():
            if isinstance(value, str) and (signs := set(filter(_is_unseen, value))):
                characters = ", ".join(f"U+{ord(char):04X}" for char in sorted(signs)[:_TOLD])
                fault = view.fault("unseen_characters", f"{group}{name}", ordinal, signs=characters)
                yield replace(fault, severity=Severity.WARN)


_ASCII = bytes(range(128))


def _beyond_ascii(view: View) -> str:
    """All letters beyond ASCII of what is declared. Written in one call: rows have thousands of values."""
    declared = [view.declaration.values, view.declaration.rows]
    return orjson.dumps(declared, default=_plainly).translate(None, _ASCII).decode()


def _plainly(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else write(value)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN


def _records(view: View) -> Iterator[tuple[str, int, Record]]:
    """What stands outside the groups, then each row, with the prefix of its fields' names."""
    yield "", 0, view.declaration.values
    for group, rows in view.declaration.rows.items():
        for ordinal, row in enumerate(rows, start=1):
            yield f"{group}.", ordinal, row
