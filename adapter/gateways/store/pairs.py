"""Pairs of dossiers that declare the same, one by each door, and what an officer has said of each pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, or_, select, union, update

from adapter.gateways.store.deadlines import End
from adapter.gateways.store.lists import Written
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import deadline, dossier, inbox
from adapter.gateways.store.tables import dossier_link as link
from adapter.gateways.store.unit_dossiers import of_unit
from adapter.model.units import BorderUnit

_AT_ONCE = 500
_later, _earlier = dossier.alias("later"), dossier.alias("earlier")
_DOSSIER = ("number", "year", "state", "channel", "gate", "unit", "crossing_at", "received_at", "completed_at")
OPEN = link.c.verdict.is_(None)


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A pair. `verdict` None: nobody has settled it. `ends`: which of the two ended, and was in `was_state` before."""

    dossier_id: int
    earlier_id: int
    found_at: datetime
    verdict: str | None
    settled_at: datetime | None
    settled_by: str | None
    reason: str | None
    ends: str | None
    was_state: str | None


@dataclass(frozen=True, slots=True)
class ListedPair(StoredPair):
    """A pair with its dossiers: `number` and so on are those of the one that came later."""

    procedure: str
    number: str
    year: int
    state: str
    channel: str
    gate: str | None
    unit: str | None
    crossing_at: datetime | None
    received_at: datetime
    completed_at: datetime | None
    earlier_number: str
    earlier_year: int
    earlier_state: str
    earlier_channel: str
    earlier_gate: str | None
    earlier_unit: str | None
    earlier_crossing_at: datetime | None
    earlier_received_at: datetime
    earlier_completed_at: datetime | None


def find(connection: Connection, one: int, other: int) -> StoredPair | None:
    """The pair of these two dossiers, in whichever order."""
    ids = or_(
        and_(link.c.dossier_id == one, link.c.earlier_id == other),
        and_(link.c.dossier_id == other, link.c.earlier_id == one),
    )
    return made_first(StoredPair, connection.execute(select(link).where(ids)))


def settle(connection: Connection, pair: StoredPair, values: Mapping[str, object]) -> None:
    """Write what was said of it; None for all: it is open again."""
    mine = link.c.dossier_id == pair.dossier_id, link.c.earlier_id == pair.earlier_id
    names = ("verdict", "settled_at", "settled_by", "reason", "ends", "was_state")
    connection.execute(update(link).where(*mine).values({name: values.get(name) for name in names}))


def of_dossier(connection: Connection, dossier_id: int) -> list[ListedPair]:
    """The pairs of a dossier, the first that was found first."""
    return made_all(ListedPair, connection.execute(_OF_DOSSIER, {"dossier": dossier_id}))


def open_pairs(connection: Connection, *, unit: BorderUnit | None, limit: int) -> list[ListedPair]:
    """Pairs of which a unit (None: any) has one or both dossiers, that nobody has settled, the oldest first."""
    of_either = [or_(*(and_(*of_unit(unit, each)) for each in (_later, _earlier)))] if of_unit(unit) else []
    query = _listed().where(OPEN, *of_either).order_by(link.c.found_at, link.c.dossier_id, link.c.earlier_id)
    return made_all(ListedPair, connection.execute(query.limit(limit)))


def of_incident(connection: Connection, start: datetime, end: datetime) -> Iterator[ListedPair]:
    """Pairs of which one was received from `start` to `end`: the second one is found later, sometimes days later."""
    received = or_(_later.c.received_at.between(start, end), _earlier.c.received_at.between(start, end))
    query = _listed().where(link.c.found_at >= start, received)
    ordered = query.order_by(link.c.found_at, link.c.dossier_id, link.c.earlier_id)
    yield from made_all(ListedPair, connection.execute(ordered))


def are_open(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these dossiers that are in a pair that nobody has settled."""
    return set(connection.execute(_ARE_OPEN.on(connection), {"dossiers": list(ids)}).scalars())


_ARE_OPEN = Written(
    lambda among: union(  # an `or` reads all links
        *(select(end).where(among(end, "dossiers"), OPEN) for end in (link.c.dossier_id, link.c.earlier_id))
    )
)


def is_open(dossier_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a dossier of a statement is in a pair that nobody has settled."""
    return exists().where(or_(link.c.dossier_id == dossier_id, link.c.earlier_id == dossier_id), OPEN)


def alias(connection: Connection, dossier_id: int) -> str | None:
    """The dossier's other number."""
    found: str | None = connection.execute(
        select(dossier.c.alias_number).where(dossier.c.id == dossier_id)
    ).scalar_one()
    return found


def keep_alias(connection: Connection, dossier_id: int, number: str | None) -> None:
    """Give the dossier another number, or take it away."""
    connection.execute(update(dossier).where(dossier.c.id == dossier_id).values(alias_number=number))


def has_message(connection: Connection, dossier_id: int, number: str, year: int, since: datetime) -> bool:
    """Whether a message under that number has come to this dossier since."""
    named = inbox.c.reference == number, inbox.c.year == year
    query = select(inbox.c.id).where(*named, inbox.c.dossier_id == dossier_id, inbox.c.received_at > since)
    return connection.execute(query.limit(1)).first() is not None


def run_on(connection: Connection, dossier_id: int, ended_at: datetime) -> None:
    """The time limits that ended with the dossier at that moment run on, as if they never had."""
    mine = and_(deadline.c.dossier_id == dossier_id, deadline.c.ended_at == ended_at)
    lapsed = update(deadline).where(mine, deadline.c.why == End.LAPSED.value)
    connection.execute(lapsed.values(ended_at=None, why=None))


def _listed() -> Select[tuple[object, ...]]:
    columns = [_later.c[name] for name in ("procedure", *_DOSSIER)]
    others = [_earlier.c[name].label(f"earlier_{name}") for name in _DOSSIER]
    joined = link.join(_later, _later.c.id == link.c.dossier_id).join(_earlier, _earlier.c.id == link.c.earlier_id)
    return select(link, *columns, *others).select_from(joined)


_OF_DOSSIER = (
    _listed()
    .where(or_(link.c.dossier_id == bindparam("dossier"), link.c.earlier_id == bindparam("dossier")))
    .order_by(link.c.found_at)
)
