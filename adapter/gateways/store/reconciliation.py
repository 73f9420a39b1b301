"""What an incident leaves for the window's books: answers that were opened first, and all that its report tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, null, or_, select, tuple_, update

from adapter.gateways.store.deadline_records import StoredDeadline
from adapter.gateways.store.incident_records import IncidentAnswer, OpenedFirst
from adapter.gateways.store.records import StoredReply, made_all, made_first
from adapter.gateways.store.tables import deadline, dossier, inbox, incident, outbox
from adapter.gateways.store.window_records import StoredIncident
from adapter.model.outcomes import Route
from adapter.model.stages import Channel

_AT_ONCE = 500
HELD = and_(outbox.c.in_hand_at.is_(None), outbox.c.returns == 0, outbox.c.answer.is_(None))
"""An answer that has not left and was never published: nobody took it in hand, no broker gave it back, and the window
has said nothing to it."""
_came = dossier.alias("came")
OPENED_FIRST = and_(
    # The first two are those of the partial index ix_outbox_opened.
    outbox.c.sent_at.is_(None),
    outbox.c.delivered_at.is_not(None),
    # What was declared on the portal is read there in any case, and reading it holds nothing back.
    # A value, not `EXISTS`: for that a server that estimates much reads all dossiers once.
    select(_came.c.channel).where(_came.c.id == outbox.c.dossier_id).scalar_subquery() == Channel.WINDOW.value,
    outbox.c.route == Route.WINDOW.value,
    outbox.c.taken_back_at.is_(None),
    outbox.c.copy_of.is_(None),
    HELD,
)
"""Answers to the window that their declarant has opened on the portal before they were published."""


def opened_first(connection: Connection, limit: int) -> list[OpenedFirst]:
    """These answers, in the order of each dossier."""
    query = select(outbox.c.id, dossier.c.number, dossier.c.year).join(dossier, dossier.c.id == outbox.c.dossier_id)
    ordered = query.where(OPENED_FIRST).order_by(outbox.c.dossier_id, outbox.c.ordinal)
    return made_all(OpenedFirst, connection.execute(ordered.limit(limit)))


def still_opened_first(connection: Connection, row_id: int) -> StoredReply | None:
    """One of them, held for this transaction; None where it is none any more, or a dispatcher has it in its hands."""
    query = select(outbox).where(outbox.c.id == row_id, OPENED_FIRST)
    return made_first(StoredReply, connection.execute(query.with_for_update(skip_locked=True)))


def stays_on_portal(connection: Connection, row: StoredReply) -> None:
    """It was sent by being opened, and the window gets it in a transfer: as itself it never leaves, nor does a copy.

    A copy waits where its sender has asked again meanwhile.
    """
    it, copies = outbox.c.id == row.id, and_(outbox.c.copy_of == row.id, outbox.c.sent_at.is_(None))
    mine = (outbox.c.inbox_id == row.inbox_id, or_(it, copies))
    sent = {"route": Route.PORTAL.value, "sent_at": row.delivered_at}
    connection.execute(update(outbox).where(*mine).values(sent))


def incident_at(connection: Connection, moment: datetime) -> StoredIncident | None:
    """The incident that had begun last at that moment."""
    begun = select(incident).where(incident.c.started_at <= moment)
    newest = begun.order_by(incident.c.started_at.desc()).limit(1)
    return made_first(StoredIncident, connection.execute(newest))


def incident_of(connection: Connection, name: str) -> StoredIncident | None:
    """An incident by its number in the store, or by the first number of its manager's notice."""
    numbered = incident.c.id == int(name) if name.isascii() and name.isdigit() and len(name) < 19 else null()
    query = select(incident).where(or_(numbered, incident.c.notice_number == name))
    newest = query.order_by(incident.c.started_at.desc()).limit(1)
    return made_first(StoredIncident, connection.execute(newest))


def working_day(connection: Connection, incident_id: int) -> StoredDeadline | None:
    """The deadline of Article 17(5) for an incident, the last where it began anew; None where none began."""
    query = select(deadline).where(deadline.c.incident_id == incident_id)
    newest = query.order_by(deadline.c.noticed_at.desc(), deadline.c.id.desc()).limit(1)
    return made_first(StoredDeadline, connection.execute(newest))


_SAID = (
    *(outbox.c[name] for name in ("id", "type", "function", "message_id", "digest", "route", "created_at")),
    *(outbox.c[name] for name in ("sent_at", "in_hand_at", "awaits_unit", "delivered_at", "answer", "returns")),
    outbox.c.readable_at,
    *(dossier.c[name] for name in ("number", "year", "procedure", "gate", "channel")),
)


def said_in(connection: Connection, start: datetime, end: datetime) -> Iterator[IncidentAnswer]:
    """Answers and transfers for the window that were made from `start` to `end`, then the transfers of what came in
    that time and was decided after it. Each in the order in which they were made."""
    made_then = and_(outbox.c.created_at.between(start, end), outbox.c.copy_of.is_(None))
    routes = outbox.c.route.in_([Route.WINDOW.value, Route.TRANSFER.value, Route.AWAITING_KEY.value])
    yield from _each(connection, _of_dossiers().where(made_then, routes))
    came = inbox.c.received_at.between(start, end)
    later = and_(outbox.c.created_at > end, outbox.c.route == Route.TRANSFER.value)
    yield from _each(connection, _of_dossiers().join(inbox, inbox.c.id == outbox.c.inbox_id).where(came, later))


def _of_dossiers() -> Select[Any]:
    return select(*_SAID).join(dossier, dossier.c.id == outbox.c.dossier_id).where(outbox.c.taken_back_at.is_(None))


def _each(connection: Connection, query: Select[Any]) -> Iterator[IncidentAnswer]:
    """Page by page: an incident of a day holds more than one answer of a database should."""
    place, last = tuple_(outbox.c.created_at, outbox.c.id), None
    while True:
        page = query if last is None else query.where(place > tuple_(*last))
        ordered = page.order_by(outbox.c.created_at, outbox.c.id).limit(_AT_ONCE)
        rows = made_all(IncidentAnswer, connection.execute(ordered))
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = (rows[-1].created_at, rows[-1].id)
