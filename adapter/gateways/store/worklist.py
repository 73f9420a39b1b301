"""The work list of a border unit: its dossiers by the clock that runs, for whose turn it is; or those that came last.

A page begins behind a place (`Behind`), so that a list of any length is read page by page by its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    null,
    or_,
    select,
    true,
    union_all,
)

from adapter.gateways.store import pairs
from adapter.gateways.store.amendments import WAITING
from adapter.gateways.store.deadlines import ENDS, OPEN
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.gateways.store.lists import Written
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import amendment, deadline, dossier, journal
from adapter.model.dossier import DossierState
from adapter.model.turns import WorkTurn
from adapter.pipeline.terms import BRING_WITHIN


@dataclass(frozen=True, slots=True)
class Behind:
    """The last row of the page before: its time (None: its end is not known) and its id."""

    at: datetime | None
    id: int


@dataclass(frozen=True, slots=True)
class ListedDossier(StoredDossier):
    """A dossier of a work list with its place there, and the limit by which it stands there; None: by its reception."""

    place: int
    ends: datetime | None
    clock_name: str | None
    clock_kind: str | None
    clock_party: str | None
    clock_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkWanted:
    """What is listed; None: everything, `gates` None: of every gate. `by`: who acted on it, by his journal name."""

    turn: WorkTurn
    gates: tuple[str, ...] | None = None
    procedure: str | None = None
    state: str | None = None
    late: bool = False
    linked: bool = False
    by: str | None = None
    since: datetime | None = None
    """Of the newest: those that came after this."""


_CLOCK = [deadline.c[name] for name in ("name", "kind", "party", "due_at")]
_EARLIER = deadline.alias("earlier")


def by_clock(connection: Connection, wanted: WorkWanted, behind: Behind | None, limit: int) -> list[ListedDossier]:
    """Dossiers with the limit that ends first, each once."""
    columns = [column.label(f"clock_{column.name}") for column in _CLOCK]
    its, holds = _its(connection, wanted)
    query = (
        select(its, *columns, deadline.c.id.label("place"), ENDS.label("ends"))
        .select_from(deadline.join(its, holds))
        .where(*_running(wanted), ~_has_earlier(wanted))
        .order_by(ENDS.nulls_last(), deadline.c.id)
    )
    if behind is not None:
        query = query.where(_is_behind(behind))
    return made_all(ListedDossier, connection.execute(query.limit(limit)))


def newest(connection: Connection, wanted: WorkWanted, behind: Behind | None, limit: int) -> list[ListedDossier]:
    """Dossiers by when they came, the newest first. One look by an index for each gate and state."""
    states = [wanted.state] if wanted.state else [state.value for state in DossierState]
    gates: Sequence[str | None] = (None,) if wanted.gates is None else wanted.gates
    looks = [_looked(wanted, gate, state, behind, limit) for gate in gates for state in states]
    if not looks:
        return []
    found = union_all(*(select(look.subquery()) for look in looks)).subquery()
    columns = [dossier.c.id.label("place"), dossier.c.received_at.label("ends")]
    columns += [null().label(f"clock_{column.name}") for column in _CLOCK]
    query = select(dossier, *columns).join(found, found.c.id == dossier.c.id)
    ordered = query.order_by(dossier.c.received_at.desc(), dossier.c.id.desc())
    return made_all(ListedDossier, connection.execute(ordered.limit(limit)))


def news(connection: Connection, wanted: WorkWanted, since: datetime, most: int) -> int:
    """How many dossiers of a list by the clock began to wait after that time; `most`: so many or more."""
    query = (
        select(deadline.c.dossier_id)
        .join(dossier, dossier.c.id == deadline.c.dossier_id)
        .where(deadline.c.noticed_at > since, *_running(wanted), *_of(wanted))
        .distinct()
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(query)).scalar_one())


def undecided(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of which an amendment waits for an officer's decision."""
    return set(connection.execute(_UNDECIDED.on(connection), {"dossiers": list(ids)}).scalars())


_UNDECIDED = Written(
    lambda among: select(amendment.c.dossier_id).where(
        among(amendment.c.dossier_id, "dossiers"), amendment.c.state == WAITING
    )
)


def _looked(wanted: WorkWanted, gate: str | None, state: str, behind: Behind | None, limit: int) -> Select[Any]:
    query = select(dossier.c.id).where(dossier.c.state == state, *_of(wanted, places=False))
    if gate is not None:
        query = query.where(dossier.c.gate == gate)
    if wanted.since is not None:
        query = query.where(dossier.c.received_at > wanted.since)
    if behind is not None and behind.at is not None:
        same = and_(dossier.c.received_at == behind.at, dossier.c.id < behind.id)
        query = query.where(or_(dossier.c.received_at < behind.at, same))
    return query.order_by(dossier.c.received_at.desc(), dossier.c.id.desc()).limit(limit)


def _its(connection: Connection, wanted: WorkWanted) -> tuple[FromClause, ColumnElement[bool]]:
    """The dossier of a limit, if it is wanted: looked up for each limit that runs, whatever the planner estimates."""
    mine = dossier.c.id == deadline.c.dossier_id
    if connection.dialect.name == "sqlite":
        return dossier, and_(mine, *_of(wanted))
    return select(dossier).where(mine, *_of(wanted)).offset(0).lateral("its"), true()


def _running(wanted: WorkWanted) -> list[ColumnElement[bool]]:
    """Limits that run for whoever's turn it is. What is brought later is the declarant's, and no turn of his."""
    party = "declarant" if wanted.turn is WorkTurn.DECLARANT else "border_guard"
    signed = deadline.c.outbox_id.is_not(None) if wanted.turn is WorkTurn.LEAVING else deadline.c.outbox_id.is_(None)
    return [OPEN, deadline.c.party == party, signed, deadline.c.kind != BRING_WITHIN]


def _has_earlier(wanted: WorkWanted) -> ColumnElement[bool]:
    """Whether the same dossier has another such limit that ends before: it is listed once, by the first."""
    ends = func.coalesce(_EARLIER.c.due_at, _EARLIER.c.alert_due_at)
    signed = _EARLIER.c.outbox_id.is_not(None) if wanted.turn is WorkTurn.LEAVING else _EARLIER.c.outbox_id.is_(None)
    same = [_EARLIER.c.dossier_id == deadline.c.dossier_id, _EARLIER.c.party == deadline.c.party, signed]
    before = or_(
        ends < ENDS, and_(ends == ENDS, _EARLIER.c.id < deadline.c.id), and_(ENDS.is_(None), ends.is_not(None))
    )
    return exists().where(*same, _EARLIER.c.ended_at.is_(None), _EARLIER.c.kind != BRING_WITHIN, before)


def _of(wanted: WorkWanted, *, places: bool = True) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if places and wanted.gates is not None:
        conditions.append(dossier.c.gate.in_(wanted.gates))
    if wanted.procedure is not None:
        conditions.append(dossier.c.procedure == wanted.procedure)
    if wanted.state is not None:
        conditions.append(dossier.c.state == wanted.state)
    if wanted.late:
        conditions.append(dossier.c.late.is_(True))
    if wanted.linked:
        conditions.append(pairs.is_open(dossier.c.id))
    if wanted.by is not None:
        # The first entry, not `EXISTS`: that would be joined, from all dossiers on.
        entry = select(journal.c.id).where(journal.c.dossier_id == dossier.c.id, journal.c.actor == wanted.by)
        conditions.append(entry.limit(1).scalar_subquery().is_not(None))
    return conditions


def _is_behind(behind: Behind) -> ColumnElement[bool]:
    ends = ENDS
    if behind.at is None:
        return and_(ends.is_(None), deadline.c.id > behind.id)
    return or_(ends > behind.at, and_(ends == behind.at, deadline.c.id > behind.id), ends.is_(None))
