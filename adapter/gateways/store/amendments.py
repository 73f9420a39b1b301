"""Requests to amend (form 13) and amendments (form 14) in the store, with what an officer decided on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from adapter.gateways.store.lists import Written
from adapter.gateways.store.new_rows import AmendmentDecision, NewAmendment, NewRequest
from adapter.gateways.store.records import (
    ListedAmendment,
    StoredAmendment,
    StoredRequest,
    VersionWithSource,
    made,
    made_all,
    made_first,
)
from adapter.gateways.store.tables import (
    amendment,
    amendment_request,
    declaration,
    dossier,
    inbox,
    outbox,
)
from adapter.gateways.store.unit_dossiers import of_unit
from adapter.model.units import BorderUnit

WAITING, APPROVED, DECLINED = "waiting", "approved", "declined"
_OF_ITS_DOSSIER = (dossier.c.number.label("dossier_number"), dossier.c.year.label("dossier_year"), dossier.c.procedure)
PROGRAM = "program"
"""Who asked or decided, in the store, where it was no officer."""


def open_request(connection: Connection, dossier_id: int) -> StoredRequest | None:
    """The request of a dossier that waits for its answer."""
    mine = (amendment_request.c.dossier_id == dossier_id, amendment_request.c.closed_at.is_(None))
    return made_first(StoredRequest, connection.execute(select(amendment_request).where(*mine)))


def requests_of(connection: Connection, dossier_id: int) -> list[StoredRequest]:
    """Every request about a dossier, the newest first."""
    return made_all(StoredRequest, connection.execute(_REQUESTS_OF, {"dossier": dossier_id}))


_REQUESTS_OF = (
    select(amendment_request)
    .where(amendment_request.c.dossier_id == bindparam("dossier"))
    .order_by(amendment_request.c.requested_at.desc(), amendment_request.c.id)
)


def ask(connection: Connection, rows: Sequence[NewRequest]) -> None:
    """Store requests; of each dossier no other one is open."""
    if rows:
        connection.execute(insert(amendment_request), [*rows])


def carried_by(connection: Connection, outbox_id: int) -> StoredRequest:
    """The request that a reply carries."""
    query = select(amendment_request).where(amendment_request.c.outbox_id == outbox_id)
    return made(StoredRequest, connection.execute(query).one())


def postpone(connection: Connection, row_id: int, answer_before: datetime) -> None:
    """A request leaves later than it was made, so its time limit ends later."""
    mine = amendment_request.c.id == row_id
    connection.execute(update(amendment_request).where(mine).values(answer_before=answer_before))


def close(connection: Connection, dossier_id: int, at: datetime) -> None:
    """Close the open request of a dossier: it has its answer, or is made again."""
    mine = (amendment_request.c.dossier_id == dossier_id, amendment_request.c.closed_at.is_(None))
    connection.execute(update(amendment_request).where(*mine).values(closed_at=at))


def withdraw(connection: Connection, row_id: int, *, officer: str, reason: str, at: datetime) -> None:
    """An officer takes a request back: nothing waits for its answer."""
    values = {"closed_at": at, "withdrawn_at": at, "withdrawn_by": officer, "withdrawal_reason": reason}
    connection.execute(update(amendment_request).where(amendment_request.c.id == row_id).values(**values))


def closed(connection: Connection, dossier_id: int) -> frozenset[str]:
    """Numbers of the requests about a dossier that have their answer, were asked again or withdrawn."""
    mine = (amendment_request.c.dossier_id == dossier_id, amendment_request.c.closed_at.is_not(None))
    return frozenset(connection.execute(select(amendment_request.c.number).where(*mine)).scalars())


def withdrawals(connection: Connection, dossier_id: int, *, since: datetime | None) -> list[StoredRequest]:
    """Requests that were sent and then withdrawn, since a time, in that order."""
    query = (
        select(amendment_request)
        .outerjoin(outbox, outbox.c.id == amendment_request.c.outbox_id)
        .where(
            amendment_request.c.dossier_id == dossier_id,
            amendment_request.c.withdrawn_at.is_not(None),
            outbox.c.taken_back_at.is_(None),
        )
        .order_by(amendment_request.c.withdrawn_at)
    )
    if since is not None:
        query = query.where(amendment_request.c.withdrawn_at > since)
    return made_all(StoredRequest, connection.execute(query))


def keep(connection: Connection, rows: Sequence[NewAmendment]) -> None:
    """Keep amendments."""
    if rows:
        connection.execute(insert(amendment), list(rows))


def is_pending(connection: Connection, dossier_id: int) -> bool:
    """Whether an amendment of this dossier waits for an officer."""
    query = select(amendment.c.id).where(amendment.c.dossier_id == dossier_id, amendment.c.state == WAITING)
    return connection.execute(query).first() is not None


def by_number(connection: Connection, number: str) -> ListedAmendment | None:
    """An amendment with the number and year of its dossier."""
    query = (
        select(amendment, *_OF_ITS_DOSSIER)
        .join(dossier, dossier.c.id == amendment.c.dossier_id)
        .where(amendment.c.number == number)
    )
    return made_first(ListedAmendment, connection.execute(query))


def of_version(connection: Connection, dossier_id: int, version: int) -> StoredAmendment | None:
    """The amendment that brought a version, or None where a declaration did."""
    mine = (amendment.c.dossier_id == dossier_id, amendment.c.version == version)
    return made_first(StoredAmendment, connection.execute(select(amendment).where(*mine)))


def decide(connection: Connection, row_id: int, values: AmendmentDecision) -> None:
    """What an officer decided."""
    connection.execute(update(amendment).where(amendment.c.id == row_id).values(**values))


def void(connection: Connection, dossier_id: int, reason: str, at: datetime) -> None:
    """Decline a waiting amendment whose dossier was refused, withdrawn or replaced."""
    mine = (amendment.c.dossier_id == dossier_id, amendment.c.state == WAITING)
    values = {"state": DECLINED, "decided_at": at, "decided_by": PROGRAM, "reason": reason}
    connection.execute(update(amendment).where(*mine).values(**values))


def listed(connection: Connection, *, state: str | None, unit: BorderUnit | None, limit: int) -> list[ListedAmendment]:
    """Amendments of the dossiers of a unit (None: of all), the oldest first: who waits longest is served first."""
    query = select(amendment, *_OF_ITS_DOSSIER).join(dossier, dossier.c.id == amendment.c.dossier_id)
    query = query.where(*of_unit(unit))
    if state is not None:
        query = query.where(amendment.c.state == state)
    ordered = query.order_by(amendment.c.received_at, amendment.c.id).limit(limit)
    return made_all(ListedAmendment, connection.execute(ordered))


def of_dossier(connection: Connection, dossier_id: int) -> list[StoredAmendment]:
    """Every amendment of a dossier, in the order of their versions."""
    return of_dossiers(connection, [dossier_id]).get(dossier_id, [])


def of_dossiers(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, list[StoredAmendment]]:
    """The same of many dossiers."""
    found: dict[int, list[StoredAmendment]] = {}
    rows = connection.execute(_OF_DOSSIERS.on(connection), {"dossiers": list(dossier_ids)})
    for each in made_all(StoredAmendment, rows):
        found.setdefault(each.dossier_id, []).append(each)
    return found


_OF_DOSSIERS = Written(
    lambda among: select(amendment).where(among(amendment.c.dossier_id, "dossiers")).order_by(amendment.c.version)
)


def version(connection: Connection, dossier_id: int, number: int) -> VersionWithSource:
    """A version with the bytes it can be read from again: its own document, or the message that declared it."""
    columns = (inbox.c.raw, inbox.c.digest.label("raw_digest"), inbox.c.channel, inbox.c.received_at)
    query = (
        select(declaration, *columns)
        .join(inbox, inbox.c.id == declaration.c.inbox_id)
        .where(declaration.c.dossier_id == dossier_id, declaration.c.version == number)
    )
    return made(VersionWithSource, connection.execute(query).one())
