"""Notifications to declarants in the store: each cause once to each number, shown with its reply only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.gateways.store.database import Database
from adapter.gateways.store.mails import FAILED, SENT
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.notification_records import NoticeArrival, StoredNotification
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import amendment_request, dossier, mail, notification, outbox
from adapter.model.dossier import DossierState
from adapter.model.outcomes import Route

_OPEN = tuple(
    state.value
    for state in (
        DossierState.RECEIVED,
        DossierState.ACCEPTED,
        DossierState.AMENDMENT_REQUESTED,
        DossierState.AMENDED,
    )
)


def add(connection: Connection, database: Database, rows: Iterable[NewRow]) -> None:
    """Notifications; one that was made of the same cause for the same number before stays as it is."""
    made = [{"id": database.new_id(connection), **row} for row in rows]
    if not made:
        return
    dialect = sqlite if database.is_embedded else postgresql
    same = [notification.c.number, notification.c.cause]
    connection.execute(dialect.insert(notification).on_conflict_do_nothing(index_elements=same), made)


def of(
    connection: Connection, number: str, *, shows: bool, before: tuple[datetime, int] | None, limit: int
) -> list[StoredNotification]:
    """A number's notifications, the newest first, behind the one of that time and id.

    `shows`: replies that the broker has not confirmed are shown too.
    """
    made, own = notification.c.created_at, notification.c.id
    query = _whole().where(notification.c.number == number, *_visible(shows))
    if before is not None:
        query = query.where(or_(made < before[0], and_(made == before[0], own < before[1])))
    return made_all(StoredNotification, connection.execute(query.order_by(made.desc(), own.desc()).limit(limit)))


def unspread(connection: Connection, *, shows: bool, limit: int, locks: bool = True) -> list[StoredNotification]:
    """Notifications whose e-mails are not made yet and which may be seen, the oldest first.

    With `locks` they are nobody else's until the transaction ends.
    """
    query = _whole().where(notification.c.spread_at.is_(None), *_visible(shows))
    query = query.order_by(notification.c.created_at).limit(limit)
    if locks:
        query = query.with_for_update(of=notification, skip_locked=True)
    return made_all(StoredNotification, connection.execute(query))


def mark_spread(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """Their e-mails are made, or none is to be."""
    connection.execute(update(notification).where(notification.c.id.in_(ids)).values(spread_at=at))


def mark_read(connection: Connection, number: str, ids: Sequence[int], at: datetime) -> int:
    """He has read these, which were shown to him; gives how many were not read before."""
    mine = (notification.c.number == number, notification.c.id.in_(ids), notification.c.read_at.is_(None))
    return connection.execute(update(notification).where(*mine).values(read_at=at)).rowcount


def overdue(connection: Connection, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Id and kind of what was to be had by now and has not arrived (read, or taken by a mail server); each once."""
    taken = select(mail.c.id).where(mail.c.notification_id == notification.c.id, mail.c.state == SENT).exists()
    open_ = (notification.c.due_at.is_not(None), notification.c.late_at.is_(None), notification.c.read_at.is_(None))
    query = select(notification.c.id, notification.c.kind).where(*open_, notification.c.due_at <= now, ~taken)
    rows = connection.execute(query.order_by(notification.c.due_at).limit(limit))
    return [(row.id, row.kind) for row in rows]


def mark_late(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """The operator was told that they have not arrived."""
    connection.execute(update(notification).where(notification.c.id.in_(ids)).values(late_at=at))


def arrivals(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], NoticeArrival]:
    """How far those of these numbers and causes came, by number and cause."""
    if not wanted:
        return {}
    own = notification.c.number, notification.c.cause
    query = (
        select(notification, *_mails())
        .outerjoin(mail, mail.c.notification_id == notification.c.id)
        .where(tuple_(*own).in_(wanted))
        .group_by(notification.c.id)
    )
    return {(each.number, each.cause): each for each in made_all(NoticeArrival, connection.execute(query))}


def parties_of_open_dossiers(connection: Connection, since: datetime) -> set[str]:
    """The numbers of the declarants and principals of dossiers that were received since then and are not finished."""
    query = select(dossier.c.identities).where(dossier.c.state.in_(_OPEN), dossier.c.received_at >= since)
    return {number for identities in connection.execute(query).scalars() for number in identities}


def _mails() -> list[ColumnElement[int]]:
    """The e-mails of a notification, counted by their state."""
    sent = func.count(mail.c.id).filter(mail.c.state == SENT).label("sent")
    failed = func.count(mail.c.id).filter(mail.c.state == FAILED).label("failed")
    return [sent, failed, func.count(mail.c.id).label("mails")]


def _whole() -> Any:
    columns = (dossier.c.number.label("dossier_number"), dossier.c.year.label("dossier_year"))
    return (
        select(notification, *columns, amendment_request.c.answer_before)
        .outerjoin(dossier, dossier.c.id == notification.c.dossier_id)
        .outerjoin(outbox, outbox.c.id == notification.c.outbox_id)
        .outerjoin(amendment_request, amendment_request.c.outbox_id == notification.c.outbox_id)
    )


def _visible(shows: bool) -> list[ColumnElement[bool]]:
    """That an answer is ready is told no earlier than it can be opened, and not after it was taken back."""
    may = and_(outbox.c.taken_back_at.is_(None), outbox.c.awaits_unit.is_(None))
    if not shows:
        may = and_(may, or_(outbox.c.route != Route.WINDOW.value, outbox.c.sent_at.is_not(None)))
    return [or_(notification.c.outbox_id.is_(None), may)]
