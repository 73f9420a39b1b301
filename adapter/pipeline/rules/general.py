"""Rules that need no line in a mapping: lateness, whom the door authenticated, codes that have run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from adapter.model.finding import Finding, Severity
from adapter.model.procedure import Label, Unit
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.view import View, text
from adapter.pipeline.terms import DECLARE_BEFORE, DECLARE_WITHIN, is_late
from adapter.pipeline.trust.holder import plain

_LATE = {DECLARE_BEFORE: "declared_late", DECLARE_WITHIN: "declared_late_after"}
"""How a time limit that was missed is called, by its kind."""


def general(view: View) -> Iterator[Finding]:
    """What holds for every procedure."""
    yield from _late(view)
    yield from _stranger(view)


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
