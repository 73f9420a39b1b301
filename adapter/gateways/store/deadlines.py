"""Running deadlines in the store: one row for each, opened and ended with what happens to a dossier.

A duty to confirm ends when the confirmation was sent (Articles 10, 11, 13, 14, 16, 17), not when an officer signed it
and not when the declarant had it. Lists and figures are in `gateways/store/deadline_figures`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, null, or_, select, update

from adapter.gateways.store.deadline_records import DeadlineFromDelivery, DeadlineOfDossier, IncidentToReconcile
from adapter.gateways.store.new_rows import NewDeadline
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import UNRECEIVED, deadline, dossier, inbox, incident, outbox, paper_record
from adapter.model.duties import Deadline, Unit
from adapter.pipeline.terms import BRING_WITHIN, RUNNING_KINDS, Term, Terms


class End(StrEnum):
    """Why a deadline runs no longer."""

    ANSWERED = "answered"
    """What had to be done within it was done: a reply was sent, an amendment came, a paper was brought."""
    LAPSED = "lapsed"
    """Nothing is left to be done: refused, withdrawn, replaced."""
    WITHDRAWN = "withdrawn"
    """What asked for it was taken back: a request to amend, or a confirmation that had not left."""


OPEN = deadline.c.ended_at.is_(None)
ENDS = func.coalesce(deadline.c.due_at, deadline.c.alert_due_at)
"""In the words of the index ix_deadline_ends, or it would not be used."""


def row(term: Term, *, row_id: int, dossier_id: int | None, incident_id: int | None = None) -> NewDeadline:
    """A deadline that begins to run."""
    return {
        "id": row_id,
        "dossier_id": dossier_id,
        "incident_id": incident_id,
        "name": term.limit.name,
        "kind": term.limit.kind,
        "party": RUNNING_KINDS.get(term.limit.kind, "border_guard"),
        "amount": term.limit.amount,
        "unit": term.limit.unit.value,
        "noticed_at": term.noticed_at,
        "alert_due_at": term.alert_due_at,
        "warn_at": term.warn_at,
        "starts_with": None,
        "started_at": term.started_at,
        "due_at": term.due_at,
    }


def start(connection: Connection, dossier_id: int, limit: Deadline, at: datetime, terms: Terms) -> None:
    """Start the time limit of an open deadline that does not run yet.

    `limit` is that of the version that starts it: another version may have had other hours (Article 16(2)).
    """
    query = select(deadline).where(_open_of(dossier_id, [limit.kind]), deadline.c.started_at.is_(None))
    found = connection.execute(query.order_by(deadline.c.id.desc())).first()
    if found is not None:
        term = terms.term(limit, noticed_at=found.noticed_at, started_at=at)
        values = row(term, row_id=found.id, dossier_id=dossier_id)
        connection.execute(update(deadline).where(deadline.c.id == found.id).values(values))


def due_at(connection: Connection, dossier_id: int, kind: str) -> datetime | None:
    """When the newest open deadline of this kind ends; None without one, or while it does not run."""
    query = select(deadline.c.due_at).where(_open_of(dossier_id, [kind])).order_by(deadline.c.id.desc())
    return connection.execute(query.limit(1)).scalar()


def end(connection: Connection, dossier_id: int, kinds: Iterable[str], why: End, at: datetime) -> None:
    """Deadlines of these kinds run no longer."""
    connection.execute(update(deadline).where(_open_of(dossier_id, kinds)).values(ended_at=at, why=why.value))


def replace(connection: Connection, dossier_id: int, kind: str, at: datetime) -> None:
    """A deadline of this kind begins again. One whose answer is signed runs until that was sent."""
    _lapse(connection, at, _unsigned(dossier_id, kind))


def keep_newest(connection: Connection, dossier_id: int, kind: str, at: datetime) -> None:
    """End all running deadlines of this kind but the newest."""
    newest = select(func.max(deadline.c.id)).where(_unsigned(dossier_id, kind)).scalar_subquery()
    _lapse(connection, at, _unsigned(dossier_id, kind), deadline.c.id != newest)


def drop_newest(connection: Connection, dossier_id: int, kind: str, at: datetime) -> None:
    """End the newest running deadline of this kind; the others run on."""
    newest = select(func.max(deadline.c.id)).where(_unsigned(dossier_id, kind)).scalar_subquery()
    _lapse(connection, at, deadline.c.id == newest)


def _lapse(connection: Connection, at: datetime, *these: ColumnElement[bool]) -> None:
    connection.execute(update(deadline).where(*these).values(ended_at=at, why=End.LAPSED.value))


def _unsigned(dossier_id: int, kind: str) -> ColumnElement[bool]:
    return and_(_open_of(dossier_id, [kind]), deadline.c.outbox_id.is_(None))


def answer(connection: Connection, dossier_id: int, kinds: Iterable[str], outbox_id: int, at: datetime) -> None:
    """The reply that answers deadlines of these kinds is signed; they run until it was sent (`sent`)."""
    mine = and_(_open_of(dossier_id, kinds), deadline.c.outbox_id.is_(None))
    connection.execute(update(deadline).where(mine).values(answered_at=at, outbox_id=outbox_id))


def sent(connection: Connection, outbox_ids: Sequence[int], at: datetime) -> None:
    """These replies were sent: what they answer runs no longer."""
    if outbox_ids:
        mine = and_(OPEN, deadline.c.outbox_id.in_(outbox_ids))
        connection.execute(update(deadline).where(mine).values(ended_at=at, why=End.ANSWERED.value))


def reopen(connection: Connection, outbox_id: int) -> None:
    """The reply that answered a deadline was taken back before it left: the deadline runs on."""
    mine = and_(OPEN, deadline.c.outbox_id == outbox_id)
    connection.execute(update(deadline).where(mine).values(answered_at=None, outbox_id=None))


def _open_of(dossier_id: int, kinds: Iterable[str]) -> ColumnElement[bool]:
    return and_(deadline.c.dossier_id == dossier_id, deadline.c.kind.in_(list(kinds)), OPEN)


def brought(connection: Connection, dossier_id: int, name: str, at: datetime) -> bool:
    """What was to be brought was brought; False where nothing of that name is due."""
    mine = and_(deadline.c.dossier_id == dossier_id, deadline.c.kind == BRING_WITHIN, deadline.c.name == name, OPEN)
    done = connection.execute(update(deadline).where(mine).values(ended_at=at, why=End.ANSWERED.value))
    return done.rowcount > 0


def to_bring(connection: Connection, dossier_id: int, *, done: bool) -> list[str]:
    """Names of what is still to be brought, or of what was brought already."""
    ended = deadline.c.why == End.ANSWERED.value if done else OPEN
    query = select(deadline.c.name).where(deadline.c.dossier_id == dossier_id, deadline.c.kind == BRING_WITHIN, ended)
    return list(connection.execute(query.order_by(deadline.c.name)).scalars())


def keep_to_bring(
    connection: Connection, dossier_id: int, wanted: Collection[tuple[str, datetime]], at: datetime
) -> set[tuple[str, datetime]]:
    """What is to be brought by name, with the time it counts from: what is not wanted ends; gives what runs on."""
    found = connection.execute(select(deadline).where(_open_of(dossier_id, [BRING_WITHIN]))).all()
    ended = [each.id for each in found if (each.name, each.started_at) not in wanted]
    if ended:
        _lapse(connection, at, deadline.c.id.in_(ended))
    return {(each.name, each.started_at) for each in found if each.id not in ended}


def take_warnings(connection: Connection, now: datetime, limit: int) -> list[DeadlineOfDossier]:
    """Deadlines of which a share of the time is over, each once: they are marked as they are given."""
    due = and_(OPEN, deadline.c.warned_at.is_(None), deadline.c.warn_at <= now)
    return _take(connection, due, deadline.c.warn_at, {"warned_at": now}, limit)


def take_breaches(connection: Connection, now: datetime, limit: int) -> list[DeadlineOfDossier]:
    """Deadlines that have passed with nothing sent, each once; `alert_due_at` counts before the legal time begins."""
    passed = or_(deadline.c.due_at.is_(None), deadline.c.due_at < now)
    due = and_(OPEN, deadline.c.breached_at.is_(None), deadline.c.alert_due_at <= now, passed)
    return _take(connection, due, deadline.c.alert_due_at, {"breached_at": now}, limit)


def take_back(connection: Connection, now: datetime, limit: int) -> list[DeadlineOfDossier]:
    """Deadlines that were alerted in the future and are not due: a clock ran ahead. Their marks are removed."""
    early_warning = and_(deadline.c.warned_at > now, deadline.c.warn_at > now)
    early_breach = and_(deadline.c.breached_at > now, or_(deadline.c.alert_due_at > now, deadline.c.due_at > now))
    mark = {
        "warned_at": case((early_warning, null()), else_=deadline.c.warned_at),
        "breached_at": case((early_breach, null()), else_=deadline.c.breached_at),
    }
    return _take(connection, and_(OPEN, or_(early_warning, early_breach)), deadline.c.alert_due_at, mark, limit)


def dated_ahead(connection: Connection, now: datetime) -> int:
    """How many running deadlines began later than now: a clock ran ahead. They are reported and not changed."""
    query = select(func.count()).select_from(deadline).where(OPEN, deadline.c.noticed_at > now)
    return int(connection.execute(query).scalar_one())


def _take(connection: Connection, due: Any, order: Any, mark: Mapping[str, Any], limit: int) -> list[DeadlineOfDossier]:
    columns = (dossier.c.number, dossier.c.year, dossier.c.procedure, dossier.c.gate)
    query = (
        select(deadline, *columns)
        .select_from(deadline.outerjoin(dossier, dossier.c.id == deadline.c.dossier_id))
        .where(due)
        .order_by(order)
        .limit(limit)
        .with_for_update(skip_locked=True, of=deadline)
    )
    found = made_all(DeadlineOfDossier, connection.execute(query))
    if found:
        marked = update(deadline).where(deadline.c.id.in_([each.id for each in found]))
        connection.execute(marked.values(**mark))
    return found


def delivered_starts(
    connection: Connection, limit: int, *, dossier_id: int | None = None
) -> list[DeadlineFromDelivery]:
    """Deadlines that begin when the declarant has a reply of ours, and he has it now; of one dossier or of all."""
    query = (
        select(deadline, outbox.c.delivered_at)
        .join(outbox, outbox.c.id == deadline.c.starts_with)
        .where(OPEN, deadline.c.started_at.is_(None), outbox.c.delivered_at.is_not(None))
        .limit(limit)
    )
    if dossier_id is not None:
        query = query.where(deadline.c.dossier_id == dossier_id)
    return made_all(DeadlineFromDelivery, connection.execute(query))


def begin_delivered(connection: Connection, terms: Terms, limit: int, *, dossier_id: int | None = None) -> None:
    """Start the deadlines that begin with the delivery of a reply, where it was delivered."""
    for each in delivered_starts(connection, limit, dossier_id=dossier_id):
        assert each.delivered_at is not None, "the statement gives no other"
        due = terms.due(each.amount, Unit(each.unit), each.delivered_at)
        began(connection, each.id, each.delivered_at, due)


def answer_of(connection: Connection, dossier_id: int, request_id: int) -> DeadlineFromDelivery | None:
    """The time limit that begins with the delivery of a request (its outbox row), and that time (None: unknown)."""
    query = (
        select(deadline, outbox.c.delivered_at)
        .join(outbox, outbox.c.id == deadline.c.starts_with)
        .where(deadline.c.dossier_id == dossier_id, deadline.c.starts_with == request_id)
    )
    return made_first(DeadlineFromDelivery, connection.execute(query))


def began(connection: Connection, row_id: int, at: datetime, due_at: datetime | None) -> None:
    """One deadline runs from `at`."""
    connection.execute(update(deadline).where(deadline.c.id == row_id).values(started_at=at, due_at=due_at))


def unreconciled(connection: Connection) -> list[IncidentToReconcile]:
    """Incidents that are over, left transfers or paper records for the window, and have no running deadline."""
    running = select(deadline.c.incident_id).where(deadline.c.incident_id.is_not(None), OPEN)
    left = select(func.min(outbox.c.created_at)).where(_transfer_of_incident())
    on_paper = select(func.min(paper_record.c.received_at)).where(_paper_of_incident())
    since = func.coalesce(on_paper.correlate(incident).scalar_subquery(), left.correlate(incident).scalar_subquery())
    query = select(incident, since.label("left_at")).where(
        incident.c.ended_at.is_not(None), incident.c.id.not_in(running), since.is_not(None)
    )
    return made_all(IncidentToReconcile, connection.execute(query))


def reconciled(connection: Connection) -> list[int]:
    """Ids of the running deadlines of incidents whose transfers the window has all confirmed, and whose paper records
    are all reported."""
    left = select(outbox.c.id).where(_transfer_of_incident())
    on_paper = select(paper_record.c.id).where(_paper_of_incident())
    query = (
        select(deadline.c.id)
        .join(incident, incident.c.id == deadline.c.incident_id)
        .where(OPEN, ~left.correlate(incident).exists(), ~on_paper.correlate(incident).exists())
    )
    return list(connection.execute(query).scalars())


def _transfer_of_incident() -> Any:
    """Unconfirmed transfers of what was decided directly before the end of the incident, or was received in it."""
    came = inbox.c.received_at.between(incident.c.started_at, incident.c.ended_at)
    asked = select(inbox.c.id).where(inbox.c.id == outbox.c.inbox_id, came).correlate(outbox, incident)
    return and_(UNRECEIVED, or_(outbox.c.created_at <= incident.c.ended_at, asked.exists()))


def _paper_of_incident() -> Any:
    """What was done on paper during the incident and stands in no report yet."""
    then = paper_record.c.received_at.between(incident.c.started_at, incident.c.ended_at)
    return and_(then, paper_record.c.reported_at.is_(None), paper_record.c.returned_at.is_(None))


def keep(connection: Connection, values: NewDeadline) -> None:
    """One row, outside a batch."""
    connection.execute(insert(deadline).values(values))


def finish(connection: Connection, row_id: int, at: datetime) -> None:
    """One deadline is met by something that is no reply."""
    connection.execute(update(deadline).where(deadline.c.id == row_id).values(ended_at=at, why=End.ANSWERED.value))
