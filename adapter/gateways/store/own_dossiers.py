"""A declarant's dossiers in the store, whichever door they came by, with their messages and time limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, or_, select

from adapter.gateways.store.deadline_records import LimitOfDossier
from adapter.gateways.store.deadlines import ENDS, OPEN
from adapter.gateways.store.dossier_records import ConfirmingReply, MessageOfDossier, StoredDossier, UnopenedReply
from adapter.gateways.store.lists import Written
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import confirmation, deadline, dossier, inbox, outbox, search_key
from adapter.gateways.store.version_keys import PARTY


def of(connection: Connection, numbers: Sequence[str], *, before: int | None, limit: int) -> list[StoredDossier]:
    """Dossiers of which a version names one of these numbers, those taken down last first; behind the id `before`.

    Whoever was named in an earlier version only is the caller's to leave out.
    """
    query = select(search_key.c.dossier_id).where(search_key.c.kind == PARTY, search_key.c.value.in_(numbers))
    if before is not None:
        query = query.where(search_key.c.dossier_id < before)
    ids = query.group_by(search_key.c.dossier_id).order_by(search_key.c.dossier_id.desc()).limit(limit).subquery()
    whole = select(dossier).join(ids, ids.c.dossier_id == dossier.c.id)
    return made_all(StoredDossier, connection.execute(whole.order_by(dossier.c.id.desc())))


def find(connection: Connection, number: str, year: int) -> StoredDossier | None:
    """The dossier of our number or the window's, or None.

    One that ended as a part of another has its number still: its answers are found by it, and it names the other.
    """
    named = or_(dossier.c.number == number, dossier.c.alias_number == number)
    own_first = case((dossier.c.number == number, 0), else_=1)
    query = select(dossier).where(named, dossier.c.year == year).order_by(own_first)
    return made_first(StoredDossier, connection.execute(query))


def messages(connection: Connection, dossier_id: int) -> list[MessageOfDossier]:
    """What was declared about it, in the order received."""
    return made_all(MessageOfDossier, connection.execute(_MESSAGES, {"dossier": dossier_id}))


_MESSAGES = (
    select(*(inbox.c[name] for name in ("id", "pair", "channel", "outcome", "findings", "received_at")))
    .where(inbox.c.dossier_id == bindparam("dossier"))
    .order_by(inbox.c.received_at, inbox.c.id)
)


def limits(connection: Connection, dossier_ids: Sequence[int]) -> list[LimitOfDossier]:
    """Time limits that run, of these dossiers, those that end first first."""
    return made_all(LimitOfDossier, connection.execute(_LIMITS.on(connection), {"dossiers": list(dossier_ids)}))


_LIMITS = Written(lambda among: select(deadline).where(among(deadline.c.dossier_id, "dossiers"), OPEN).order_by(ENDS))


def unopened(connection: Connection, dossier_ids: Sequence[int]) -> list[UnopenedReply]:
    """Replies to these dossiers that the declarant does not have yet: dossier, kind, route and when it was sent."""
    columns: list[Any] = [outbox.c.dossier_id, outbox.c.kind, outbox.c.route, outbox.c.sent_at]
    query = select(*columns).where(
        outbox.c.dossier_id.in_(dossier_ids),
        outbox.c.delivered_at.is_(None),
        outbox.c.copy_of.is_(None),
        outbox.c.route != "transfer",
        outbox.c.taken_back_at.is_(None),
        outbox.c.awaits_unit.is_(None),
    )
    return made_all(UnopenedReply, connection.execute(query))


def confirmed(connection: Connection, number: str) -> ConfirmingReply | None:
    """The reply that carries the confirmation of this number, and its dossier's newest one; None: there is none."""
    columns: list[Any] = [outbox.c.digest, outbox.c.created_at, outbox.c.taken_back_at, outbox.c.delivered_at]
    columns += [confirmation.c.number, dossier.c.confirmation_number, dossier.c.state]
    query = (
        select(*columns)
        .select_from(confirmation)
        .join(outbox, outbox.c.id == confirmation.c.outbox_id)
        .join(dossier, dossier.c.id == confirmation.c.dossier_id)
        .where(confirmation.c.number == number)
    )
    return made_first(ConfirmingReply, connection.execute(query))
