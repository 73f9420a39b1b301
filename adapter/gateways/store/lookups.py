"""Reads of the web: a message with its answers, dossiers by a key, the newest decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from adapter.gateways.store.amendments import APPROVED
from adapter.gateways.store.dossier_records import (
    ConfirmationWithReply,
    FoundDossier,
    MessageWithDossier,
    OriginalReply,
    ReadableReply,
    VersionInForce,
)
from adapter.gateways.store.records import made, made_all, made_first
from adapter.gateways.store.replies import LEFT, SENT_AT, TAKEN_BACK
from adapter.gateways.store.tables import (
    amendment,
    amendment_request,
    confirmation,
    contingency,
    declaration,
    dossier,
    inbox,
    outbox,
    search_key,
)
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Route

Places = Sequence[str] | None
"""Codes of gates and units; None: everywhere."""
_OF_ANY_VERSION = ("confirmation",)
"""Kinds of keys that do not belong to one version of what was declared."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which dossiers are meant besides; what is None asks for nothing. Times are of the first reception."""

    procedures: Sequence[str] | None = None
    gate: str | None = None
    unit: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As a statement asks for them."""
        made: list[ColumnElement[bool]] = []
        if self.procedures is not None:
            made.append(dossier.c.procedure.in_(self.procedures))
        stated = ((dossier.c.gate, self.gate), (dossier.c.unit, self.unit), (dossier.c.state, self.state))
        made += [column == value for column, value in stated if value is not None]
        if self.since is not None:
            made.append(dossier.c.received_at >= self.since)
        if self.until is not None:
            made.append(dossier.c.received_at < self.until)
        return made


ALL = Narrowed()


def message(connection: Connection, public_id: str) -> MessageWithDossier | None:
    """A stored message, with its dossier's state and identities where it has one."""
    return messages(connection, [public_id]).get(public_id)


def messages(connection: Connection, public_ids: Sequence[str]) -> dict[str, MessageWithDossier]:
    """Such messages by their public ids."""
    names = ("id", "public_id", "bound_to", "state", "outcome", "findings", "procedure", "reference", "year")
    columns: list[Any] = [*(inbox.c[name] for name in names), inbox.c.received_at, inbox.c.dossier_id]
    columns += [dossier.c.state.label("dossier_state"), dossier.c.identities]
    query = (
        select(*columns)
        .select_from(inbox.outerjoin(dossier, dossier.c.id == inbox.c.dossier_id))
        .where(inbox.c.public_id.in_(public_ids))
    )
    return {row.public_id: row for row in made_all(MessageWithDossier, connection.execute(query))}


def answers(connection: Connection, inbox_id: int, dossier_id: int | None) -> list[ReadableReply]:
    """The signed replies to a message and to its dossier, in their order, each once."""
    mine: ColumnElement[bool] = outbox.c.inbox_id == inbox_id
    if dossier_id is not None:
        mine = or_(mine, outbox.c.dossier_id == dossier_id)
    query = (
        select(outbox, amendment_request.c.withdrawn_at, amendment_request.c.withdrawal_reason)
        .outerjoin(amendment_request, amendment_request.c.outbox_id == outbox.c.id)
        .where(
            mine, outbox.c.copy_of.is_(None), outbox.c.route != Route.TRANSFER.value, outbox.c.taken_back_at.is_(None)
        )
        .where(outbox.c.awaits_unit.is_(None))
        .order_by(outbox.c.ordinal, outbox.c.created_at, outbox.c.id)
    )
    return made_all(ReadableReply, connection.execute(query))


def identities(connection: Connection, key: DossierKey) -> list[str] | None:
    """Who may read the dossier of this key; None where there is no such dossier."""
    query = select(dossier.c.identities).where(dossier.c.number == key.number, dossier.c.year == key.year)
    row = connection.execute(query).first()
    return None if row is None else list(row.identities)


def in_force(connection: Connection, key: DossierKey) -> VersionInForce | None:
    """Of the dossier of this key: mapping of its version in force, channel, gate, reception; None: there is none."""
    query = (
        select(declaration.c.mapping, dossier.c.channel, dossier.c.gate, dossier.c.received_at)
        .join(dossier, dossier.c.id == declaration.c.dossier_id)
        .where(dossier.c.number == key.number, dossier.c.year == key.year, declaration.c.version == dossier.c.version)
    )
    return made_first(VersionInForce, connection.execute(query))


def issued(connection: Connection, keys: Collection[DossierKey]) -> dict[DossierKey, str]:
    """To which sender each number of our own series was issued; one that is none of ours is not in it."""
    if not keys:
        return {}
    query = select(contingency).where(contingency.c.number.in_(sorted({key.number for key in keys})))
    return {DossierKey(row.number, row.year): row.sender for row in connection.execute(query)}


def by_number(
    connection: Connection, *, number: str, year: int, places: Places, limit: int, narrowed: Narrowed = ALL
) -> list[FoundDossier]:
    """Dossiers by our number or the window's, of these places."""
    named = or_(dossier.c.number == number, dossier.c.alias_number == number)
    wanted = (named, dossier.c.year == year, *located(places), *narrowed.conditions())
    query = select(dossier, dossier.c.version.label("matched")).where(*wanted)
    ordered = query.order_by(dossier.c.received_at.desc(), dossier.c.id).limit(limit)
    return made_all(FoundDossier, connection.execute(ordered))


def by_key(
    connection: Connection,
    *,
    kind: str,
    value: str,
    places: Places,
    limit: int,
    before: int | None = None,
    narrowed: Narrowed = ALL,
) -> list[FoundDossier]:
    """Dossiers by a search key, which is given as it is stored (`search_value`): the next of them behind the
    dossier whose id is `before`, those taken down last first.

    `matched` is the newest version that states it, of those that are or were in force: where it is older than the one
    in force, what was asked for has been replaced.

    A firm has 50,000 dossiers: they are taken in the order of the key's own index, which is that of ids, so that no
    more are read than are shown. Ids are about the order in which dossiers came, and nothing is missed by them.
    """
    if not value:
        return []
    query = (
        select(search_key.c.dossier_id, func.max(search_key.c.version).label("matched"))
        .join(dossier, dossier.c.id == search_key.c.dossier_id)
        .where(*_states(kind, value), *located(places), *narrowed.conditions())
        .group_by(search_key.c.dossier_id)
        .order_by(search_key.c.dossier_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(search_key.c.dossier_id < before)
    hits = query.subquery()
    whole = select(dossier, hits.c.matched).join(hits, hits.c.dossier_id == dossier.c.id)
    return made_all(FoundDossier, connection.execute(whole.order_by(dossier.c.id.desc())))


def count_by_key(connection: Connection, *, kind: str, value: str, places: Places, most: int) -> int:
    """How many dossiers have a search key; beyond `most` they are not counted."""
    hits = (
        select(search_key.c.dossier_id)
        .join(dossier, dossier.c.id == search_key.c.dossier_id)
        .where(*_states(kind, value), *located(places))
        .group_by(search_key.c.dossier_id)
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(hits)).scalar_one())


def _states(kind: str, value: str) -> list[ColumnElement[bool]]:
    """Keys of this kind and value that a version states which is or was in force."""
    return [search_key.c.kind == kind, search_key.c.value == value, *counting(kind)]


def counting(kind: str) -> list[ColumnElement[bool]]:
    """That the version which states a key is or was in force."""
    if kind in _OF_ANY_VERSION:
        return []
    never = exists().where(
        amendment.c.dossier_id == search_key.c.dossier_id,
        amendment.c.version == search_key.c.version,
        amendment.c.state != APPROVED,
    )
    return [search_key.c.version <= dossier.c.version, ~never]


def located(places: Places) -> list[ColumnElement[bool]]:
    """That a dossier is of one of these places."""
    return [] if places is None else [or_(dossier.c.gate.in_(places), dossier.c.unit.in_(places))]


def confirmations(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, list[ConfirmationWithReply]]:
    """The confirmations of each dossier that were not taken back, with their replies' times, in the order signed."""
    columns = (outbox.c.route, outbox.c.created_at, outbox.c.sent_at, SENT_AT.label("sent_in_law"))
    query = (
        select(confirmation, *columns, outbox.c.delivered_at)
        .join(outbox, outbox.c.id == confirmation.c.outbox_id)
        .where(confirmation.c.dossier_id.in_(dossier_ids), outbox.c.taken_back_at.is_(None))
        .order_by(outbox.c.ordinal)
    )
    found: dict[int, list[ConfirmationWithReply]] = {}
    for row in made_all(ConfirmationWithReply, connection.execute(query)):
        found.setdefault(row.dossier_id, []).append(row)
    return found


def newest_confirmation(connection: Connection, dossier_id: int) -> ConfirmationWithReply | None:
    """The confirmation of a dossier that was signed last and not taken back, with its reply's times."""
    found = confirmations(connection, [dossier_id]).get(dossier_id)
    return found[-1] if found else None


def decisions(connection: Connection, dossier_ids: Sequence[int], kinds: Sequence[str]) -> dict[int, OriginalReply]:
    """The newest reply of these kinds to each dossier; what may still be taken back is no decision yet."""
    query = (
        select(outbox)
        .where(outbox.c.dossier_id.in_(dossier_ids), outbox.c.copy_of.is_(None), outbox.c.route != Route.TRANSFER.value)
        .where(outbox.c.kind.in_(kinds), outbox.c.taken_back_at.is_(None), outbox.c.awaits_unit.is_(None))
        .where(or_(outbox.c.kind.not_in(TAKEN_BACK), LEFT))
        .order_by(outbox.c.ordinal, outbox.c.created_at)
    )
    return {row.dossier_id: made(OriginalReply, row) for row in connection.execute(query)}
