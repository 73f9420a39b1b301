"""The agenda: which deadlines run, and how many were met, from the rows of `gateways/store/deadlines`. Changes nothing.

A deadline is met by its end: a reply was sent, an amendment came, a paper was brought. The time when the declarant had
the reply (completion in law, Article 10) is shown too; it does not decide the duty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from adapter.gateways.store.deadline_records import Declared, Figures, ListedDeadline
from adapter.gateways.store.deadlines import ENDS, OPEN, End
from adapter.gateways.store.lists import COUNTED
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import deadline, dossier, incident, outbox
from adapter.gateways.store.unit_dossiers import of_unit
from adapter.model.units import BorderUnit
from adapter.pipeline.terms import RUNNING_KINDS

_PARTIES = sorted(set(RUNNING_KINDS.values()))
NEAR, BROKEN = "near", "broken"
"""The state of a running deadline: a warning was due, or its end has passed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None: everything. `until`: ends at that time or earlier, `after`: not before that one."""

    procedure: str | None = None
    gate: str | None = None
    gates: tuple[str, ...] = ()
    """Those of one unit; none: of every unit."""
    unit: BorderUnit | None = None
    """The unit of whoever asks; None: he may see every unit."""
    until: datetime | None = None
    after: datetime | None = None
    limit: int = 200


def overdue(connection: Connection, dossier_ids: Sequence[int], now: datetime) -> set[int]:
    """Of these dossiers those for which the border guard should have sent something before `now`, and has not."""
    ours = [kind for kind, party in RUNNING_KINDS.items() if party == "border_guard"]
    mine = deadline.c.dossier_id.in_(dossier_ids), deadline.c.kind.in_(ours)
    return set(connection.execute(select(deadline.c.dossier_id).where(*mine, OPEN, deadline.c.due_at < now)).scalars())


def running(connection: Connection, wanted: Wanted) -> list[ListedDeadline]:
    """Deadlines that run, the one that ends first before the others; those that the calendar cannot tell are last."""
    # The order of the index ix_deadline_ends.
    query = _with_subject(select(*_columns())).where(OPEN, *_of(wanted)).order_by(ENDS.nulls_last(), deadline.c.id)
    if wanted.until is not None:
        query = query.where(wanted.until >= ENDS)
    if wanted.after is not None:
        query = query.where(or_(ENDS.is_(None), wanted.after <= ENDS))
    return made_all(ListedDeadline, connection.execute(query.limit(wanted.limit)))


def of_dossier(connection: Connection, dossier_id: int) -> list[ListedDeadline]:
    """All deadlines of a dossier in the order they began."""
    query = _with_subject(select(*_columns())).where(deadline.c.dossier_id == dossier_id)
    return made_all(ListedDeadline, connection.execute(query.order_by(deadline.c.noticed_at, deadline.c.id)))


def counts(connection: Connection, now: datetime) -> dict[tuple[str, str], int]:
    """How many deadlines that run are near their end, and how many are broken, by the party that they bind.

    Of each the first `COUNTED` by their end are counted: metrics ask every few seconds, and what nobody answers runs
    for ever. Each party for itself: what declarants leave undone for years must not hide a duty that was broken today.
    """
    found: dict[tuple[str, str], int] = {}
    for how, those in ((BROKEN, [now > ENDS]), (NEAR, [now <= ENDS, deadline.c.warn_at <= now])):
        for party in _PARTIES:
            # The order of the index ix_deadline_party.
            first = select(deadline.c.id).where(OPEN, deadline.c.party == party, *those).order_by(ENDS).limit(COUNTED)
            if many := connection.execute(select(func.count()).select_from(first.subquery())).scalar_one():
                found[party, how] = many
    return found


def _columns() -> list[Any]:
    subject = (dossier.c.number, dossier.c.year, dossier.c.procedure, dossier.c.gate)
    return [deadline, *subject, incident.c.notice_number, outbox.c.delivered_at]


def _with_subject(query: Select[Any]) -> Select[Any]:
    """A deadline is a dossier's or an incident's, and a reply may have ended it."""
    return query.select_from(
        deadline.outerjoin(dossier, dossier.c.id == deadline.c.dossier_id)
        .outerjoin(incident, incident.c.id == deadline.c.incident_id)
        .outerjoin(outbox, outbox.c.id == deadline.c.outbox_id)
    )


def _of(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.procedure is not None:
        conditions.append(dossier.c.procedure == wanted.procedure)
    if wanted.gate is not None:
        conditions.append(dossier.c.gate == wanted.gate)
    if wanted.gates:
        conditions.append(dossier.c.gate.in_(wanted.gates))
    return [*conditions, *of_unit(wanted.unit)]


def figures(connection: Connection, wanted: Wanted, *, since: datetime, now: datetime) -> list[Figures]:
    """How deadlines that began since then stand, by procedure, gate and kind."""
    answered = deadline.c.why == End.ANSWERED.value
    met = and_(answered, deadline.c.ended_at <= ENDS)
    # A deadline that was passed stays passed, also if nothing is left to be done later.
    late = and_(deadline.c.why.in_([End.ANSWERED.value, End.LAPSED.value]), deadline.c.ended_at > deadline.c.due_at)
    unknown = and_(answered, deadline.c.due_at.is_(None), or_(ENDS.is_(None), deadline.c.ended_at > ENDS))
    overdue = and_(OPEN, deadline.c.due_at < now)
    names = (dossier.c.procedure, dossier.c.gate, deadline.c.kind)
    counted = {"met": met, "late": late, "unknown": unknown, "overdue": overdue, "open": OPEN}
    query = (
        select(*names, *(_count(condition).label(name) for name, condition in counted.items()))
        .select_from(deadline.outerjoin(dossier, dossier.c.id == deadline.c.dossier_id))
        .where(deadline.c.noticed_at >= since, *_of(wanted))
        .group_by(*names)
        .order_by(*names)
    )
    return made_all(Figures, connection.execute(query))


def declared(connection: Connection, wanted: Wanted, *, since: datetime) -> list[Declared]:
    """How many dossiers came since then, and how many of them were declared late, by procedure and gate."""
    names = (dossier.c.procedure, dossier.c.gate)
    query = (
        select(*names, func.count().label("dossiers"), _count(dossier.c.late).label("late"))
        .where(dossier.c.received_at >= since, *_of(wanted))
        .group_by(*names)
        .order_by(*names)
    )
    return made_all(Declared, connection.execute(query))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
