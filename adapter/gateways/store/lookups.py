"""Reads of the web: a message with its answers, dossiers by a key, the newest decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, bindparam, exists, func, or_, select

from adapter.gateways.store.amendments import APPROVED
from adapter.gateways.store.confirmation_ways import has_come_so_far
from adapter.gateways.store.dossier_records import (
    ConfirmationWithReply,
    DecisionTimes,
    FoundDossier,
    MessageWithDossier,
    OriginalReply,
    ReadableReply,
    VersionInForce,
)
from adapter.gateways.store.lists import Among, Written
from adapter.gateways.store.records import made, made_all, made_first
from adapter.gateways.store.replies import LEFT, SENT_AT, TAKEN_BACK
from adapter.gateways.store.tables import (
    amendment,
    amendment_request,
    confirmation,
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
    """As it is stored; `way`: how far its confirmation has come, besides."""
    way: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """What is asked for, by the names of the conditions that `within` makes."""
        stated = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in stated if value is not None}


_NARROWS: Mapping[str, Callable[[Among], ColumnElement[bool]]] = {
    "procedures": lambda among: among(dossier.c.procedure, "procedures"),
    "gate": lambda _: dossier.c.gate == bindparam("gate"),
    "unit": lambda _: dossier.c.unit == bindparam("unit"),
    "state": lambda _: dossier.c.state == bindparam("state"),
    "way": lambda _: has_come_so_far(),
    "since": lambda _: dossier.c.received_at >= bindparam("since"),
    "until": lambda _: dossier.c.received_at < bindparam("until"),
}


@dataclass(frozen=True, slots=True)
class Within:
    """Among which dossiers is searched; the statement depends on what is asked for, not on the values."""

    places: Places
    narrowed: Narrowed

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the conditions."""
        return (*(["places"] if self.places is not None else []), *self.narrowed.parameters)

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the conditions."""
        places = {} if self.places is None else {"places": list(self.places)}
        return places | self.narrowed.parameters


def within(asked: Sequence[str], among: Among) -> Iterator[ColumnElement[bool]]:
    """The conditions of these names."""
    for name in asked:
        if name == "places":
            yield or_(among(dossier.c.gate, "places"), among(dossier.c.unit, "places"))
        else:
            yield _NARROWS[name](among)


ALL = Narrowed()


def message(connection: Connection, public_id: str) -> MessageWithDossier | None:
    """A stored message, with its dossier's state and identities where it has one."""
    return messages(connection, [public_id]).get(public_id)


def messages(connection: Connection, public_ids: Sequence[str]) -> dict[str, MessageWithDossier]:
    """Such messages by their public ids."""
    rows = connection.execute(_MESSAGES.on(connection), {"ids": list(public_ids)})
    return {row.public_id: row for row in made_all(MessageWithDossier, rows)}


_OF_A_MESSAGE = (
    *("id", "public_id", "bound_to", "state", "outcome", "findings", "procedure", "reference", "year"),
    *("received_at", "dossier_id"),
)
_MESSAGES = Written(
    lambda among: (
        select(*(inbox.c[name] for name in _OF_A_MESSAGE), dossier.c.state.label("dossier_state"), dossier.c.identities)
        .select_from(inbox.outerjoin(dossier, dossier.c.id == inbox.c.dossier_id))
        .where(among(inbox.c.public_id, "ids"))
    )
)


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


def by_number(
    connection: Connection, *, number: str, year: int, places: Places, limit: int, narrowed: Narrowed = ALL
) -> list[FoundDossier]:
    """Dossiers by our number or the window's, of these places."""
    among = Within(places, narrowed)
    asked = {"number": number, "year": year, "most": limit, **among.parameters}
    return made_all(FoundDossier, connection.execute(_by_number(among.asked).on(connection), asked))


@cache
def _by_number(asked: Sequence[str]) -> Written:
    number = bindparam("number", type_=dossier.c.number.type)
    named = or_(dossier.c.number == number, dossier.c.alias_number == number)
    return Written(
        lambda among: (
            select(dossier, dossier.c.version.label("matched"))
            .where(named, dossier.c.year == bindparam("year"), *within(asked, among))
            .order_by(dossier.c.received_at.desc(), dossier.c.id)
            .limit(bindparam("most", type_=Integer))
        )
    )


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
    among = Within(places, narrowed)
    asked = {"kind": kind, "value": value, "most": limit, **among.parameters}
    if before is not None:
        asked["before"] = before
    query = _by_key(among.asked, any_version=kind in _OF_ANY_VERSION, behind=before is not None)
    return made_all(FoundDossier, connection.execute(query.on(connection), asked))


@cache
def _by_key(asked: Sequence[str], *, any_version: bool, behind: bool) -> Written:
    stated = [search_key.c.kind == bindparam("kind"), search_key.c.value == bindparam("value")]
    stated += [] if any_version else _IN_FORCE
    stated += [search_key.c.dossier_id < bindparam("before")] if behind else []

    def _query(among: Among) -> Select[Any]:
        hits = (
            select(search_key.c.dossier_id, func.max(search_key.c.version).label("matched"))
            .join(dossier, dossier.c.id == search_key.c.dossier_id)
            .where(*stated, *within(asked, among))
            .group_by(search_key.c.dossier_id)
            .order_by(search_key.c.dossier_id.desc())
            .limit(bindparam("most", type_=Integer))
            .subquery()
        )
        whole = select(dossier, hits.c.matched).join(hits, hits.c.dossier_id == dossier.c.id)
        return whole.order_by(dossier.c.id.desc())

    return Written(_query)


def count_by_key(connection: Connection, *, kind: str, value: str, places: Places, most: int) -> int:
    """How many dossiers have a search key; beyond `most` they are not counted."""
    hits = (
        select(search_key.c.dossier_id)
        .join(dossier, dossier.c.id == search_key.c.dossier_id)
        .where(search_key.c.kind == kind, search_key.c.value == value, *counting(kind), *_located(places))
        .group_by(search_key.c.dossier_id)
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(hits)).scalar_one())


def counting(kind: str) -> list[ColumnElement[bool]]:
    """That the version which states a key is or was in force."""
    return [] if kind in _OF_ANY_VERSION else _IN_FORCE


_IN_FORCE: list[ColumnElement[bool]] = [
    search_key.c.version <= dossier.c.version,
    ~exists().where(
        amendment.c.dossier_id == search_key.c.dossier_id,
        amendment.c.version == search_key.c.version,
        amendment.c.state != APPROVED,
    ),
]


def _located(places: Places) -> list[ColumnElement[bool]]:
    """That a dossier is of one of these places."""
    return [] if places is None else [or_(dossier.c.gate.in_(places), dossier.c.unit.in_(places))]


def confirmations(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, list[ConfirmationWithReply]]:
    """The confirmations of each dossier that were not taken back, with their replies' times, in the order signed."""
    rows = connection.execute(_CONFIRMATIONS.on(connection), {"dossiers": list(dossier_ids)})
    found: dict[int, list[ConfirmationWithReply]] = {}
    for row in made_all(ConfirmationWithReply, rows):
        found.setdefault(row.dossier_id, []).append(row)
    return found


_TIMES = (outbox.c.route, outbox.c.created_at, outbox.c.sent_at, SENT_AT.label("sent_in_law"), outbox.c.delivered_at)
_CONFIRMATIONS = Written(
    lambda among: (
        select(confirmation, *_TIMES)
        .join(outbox, outbox.c.id == confirmation.c.outbox_id)
        .where(among(confirmation.c.dossier_id, "dossiers"), outbox.c.taken_back_at.is_(None))
        .order_by(outbox.c.ordinal)
    )
)


def newest_confirmation(connection: Connection, dossier_id: int) -> ConfirmationWithReply | None:
    """The confirmation of a dossier that was signed last and not taken back, with its reply's times."""
    found = confirmations(connection, [dossier_id]).get(dossier_id)
    return found[-1] if found else None


def decisions(connection: Connection, dossier_ids: Sequence[int], kinds: Sequence[str]) -> dict[int, OriginalReply]:
    """The newest reply of these kinds to each dossier; what may still be taken back is no decision yet."""
    asked = {"dossiers": list(dossier_ids), "kinds": list(kinds)}
    rows = connection.execute(_DECISIONS.on(connection), asked)
    return {row.dossier_id: made(OriginalReply, row) for row in rows}


def outcomes(
    connection: Connection, dossier_ids: Sequence[int], kinds: Sequence[str]
) -> tuple[dict[int, DecisionTimes], dict[int, list[ConfirmationWithReply]]]:
    """The same without their bytes, and the confirmations, which are of these kinds too: in one statement."""
    asked = {"dossiers": list(dossier_ids), "kinds": list(kinds)}
    decided: dict[int, DecisionTimes] = {}
    confirmed: dict[int, list[ConfirmationWithReply]] = {}
    for row in connection.execute(_OUTCOMES.on(connection), asked):
        if row.is_decision:
            decided[row.dossier_id] = made(DecisionTimes, row)
        if row.id is not None:
            confirmed.setdefault(row.dossier_id, []).append(made(ConfirmationWithReply, row))
    return decided, confirmed


def _replies(chosen: Callable[[], Select[Any]]) -> Written:
    """Of replies to dossiers, in the order in which they were signed."""
    return Written(
        lambda among: (
            chosen()
            .where(among(outbox.c.dossier_id, "dossiers"), outbox.c.copy_of.is_(None))
            .where(among(outbox.c.kind, "kinds"), outbox.c.taken_back_at.is_(None))
            .order_by(outbox.c.ordinal, outbox.c.created_at)
        )
    )


_IS_DECISION = and_(
    outbox.c.awaits_unit.is_(None),
    outbox.c.route != Route.TRANSFER.value,
    or_(outbox.c.kind.not_in(TAKEN_BACK), LEFT),
)
_DECISIONS = _replies(lambda: select(outbox).where(_IS_DECISION))
_OUTCOMES = _replies(
    lambda: select(
        outbox.c.dossier_id,
        *(outbox.c[each.name] for each in fields(DecisionTimes)),
        *(outbox.c.route, SENT_AT.label("sent_in_law"), _IS_DECISION.label("is_decision")),
        *(confirmation.c.id, confirmation.c.number, confirmation.c.version, confirmation.c.outbox_id),
    ).outerjoin(confirmation, confirmation.c.outbox_id == outbox.c.id)
)
