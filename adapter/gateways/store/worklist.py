"""The work list of a border unit: its dossiers by the clock that runs, for whose turn it is; or those that came last.

A page begins behind a place (`Behind`), so that a list of any length is read page by page by its index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
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
from adapter.gateways.store.confirmation_ways import has_come_so_far
from adapter.gateways.store.deadlines import ENDS, OPEN
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.gateways.store.lists import Among, Written, among_of, in_one_parameter, one_by_one
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import amendment, deadline, declaration, dossier, inbox, journal
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
    """What is listed; None: everything, `gates` None: of every gate. `by`: who acted on it, by his journal name.

    `state`: as it is stored; `way`: how far its confirmation has come, besides.
    """

    turn: WorkTurn
    gates: tuple[str, ...] | None = None
    procedure: str | None = None
    state: str | None = None
    way: str | None = None
    late: bool = False
    linked: bool = False
    by: str | None = None
    since: datetime | None = None
    """Of the newest: those that came after this."""

    @property
    def parameters(self) -> dict[str, object]:
        """What is asked for, by the names of the conditions that `_conditions` makes."""
        stated = {name: getattr(self, name) for name in _CONDITIONS}
        stated["gates"] = None if self.gates is None else list(self.gates)
        return {name: value for name, value in stated.items() if value not in (None, False)}


LOOKED_AT = 5_000
"""Of the newest a filter looks at so many for a page, whether it leaves any or none; then it says how far it came."""
_ACTED = select(journal.c.id).where(journal.c.dossier_id == dossier.c.id, journal.c.actor == bindparam("by"))
_CONDITIONS: Mapping[str, Callable[[Among], ColumnElement[bool]]] = {
    "gates": lambda among: among(dossier.c.gate, "gates"),
    "procedure": lambda _: dossier.c.procedure == bindparam("procedure"),
    "state": lambda _: dossier.c.state == bindparam("state"),
    "way": lambda _: has_come_so_far(),
    "late": lambda _: dossier.c.late.is_(True),
    "linked": lambda _: pairs.is_open(dossier.c.id),
    # The first entry, not `EXISTS`: that would be joined, from all dossiers on.
    "by": lambda _: _ACTED.limit(1).scalar_subquery().is_not(None),
}
_CLOCK = [deadline.c[name] for name in ("name", "kind", "party", "due_at")]
_EARLIER = deadline.alias("earlier")


def by_clock(connection: Connection, wanted: WorkWanted, behind: Behind | None, limit: int) -> list[ListedDossier]:
    """Dossiers with the limit that ends first, each once."""
    asked = {**wanted.parameters, "most": limit}
    if behind is not None:
        asked |= {"behind": behind.id} | ({"ends": behind.at} if behind.at is not None else {})
    query = _by_clock(wanted.turn, tuple(asked), connection.dialect.name == "sqlite")
    return made_all(ListedDossier, connection.execute(query, asked))


@cache
def _by_clock(turn: WorkTurn, asked: Sequence[str], is_embedded: bool) -> Executable:
    """The statement for what is asked for by these names: it is put together once, not for each page."""
    columns = [column.label(f"clock_{column.name}") for column in _CLOCK]
    its, holds = _its(dossier.c.id == deadline.c.dossier_id, asked, is_embedded)
    query = (
        select(its, *columns, deadline.c.id.label("place"), ENDS.label("ends"))
        .select_from(deadline.join(its, holds))
        .where(*_running(turn), ~_has_earlier(turn))
        .order_by(ENDS.nulls_last(), deadline.c.id)
    )
    if "behind" in asked:
        query = query.where(_is_behind("ends" in asked))
    return query.limit(bindparam("most", type_=Integer))


def newest(connection: Connection, wanted: WorkWanted, behind: Behind | None, limit: int) -> list[ListedDossier]:
    """Dossiers by when they came, the newest first; of a filter those among the `LOOKED_AT` that came last."""
    looked = _looked_at(wanted, behind, LOOKED_AT if _narrows(wanted) else limit)
    if looked is None:
        return []
    its, holds = _its(dossier.c.id == looked.c.id, _narrows(wanted), connection.dialect.name == "sqlite")
    columns = [looked.c.id.label("place"), looked.c.received_at.label("ends")]
    columns += [null().label(f"clock_{column.name}") for column in _CLOCK]
    ordered = select(its, *columns).select_from(looked.join(its, holds)).order_by(*_newest_first(looked))
    return made_all(ListedDossier, connection.execute(ordered.limit(limit), wanted.parameters))


def looked_to(connection: Connection, wanted: WorkWanted, behind: Behind | None) -> Behind | None:
    """How far `newest` has looked for what a filter leaves; None: at all that there are."""
    looked = _looked_at(wanted, behind, LOOKED_AT) if _narrows(wanted) else None
    if looked is None:
        return None
    last = select(looked.c.received_at, looked.c.id).order_by(*_newest_first(looked)).offset(LOOKED_AT - 1).limit(1)
    row = connection.execute(last, wanted.parameters).one_or_none()
    return None if row is None else Behind(row.received_at, row.id)


def news(connection: Connection, wanted: WorkWanted, since: datetime, most: int) -> int:
    """How many dossiers of a list by the clock began to wait after that time; `most`: so many or more."""
    asked = wanted.parameters
    query = (
        select(deadline.c.dossier_id)
        .join(dossier, dossier.c.id == deadline.c.dossier_id)
        .where(deadline.c.noticed_at > since, *_running(wanted.turn), *_of(asked, among_of(connection)))
        .distinct()
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(query), asked).scalar_one())


def undecided(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of which an amendment waits for an officer's decision."""
    return set(connection.execute(_UNDECIDED.on(connection), {"dossiers": list(ids)}).scalars())


_UNDECIDED = Written(
    lambda among: select(amendment.c.dossier_id).where(
        among(amendment.c.dossier_id, "dossiers"), amendment.c.state == WAITING
    )
)


def with_findings(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those whose version in force was taken with a finding."""
    return set(connection.execute(_WITH_FINDINGS.on(connection), {"dossiers": list(ids)}).scalars())


_IN_FORCE = and_(declaration.c.dossier_id == dossier.c.id, declaration.c.version == dossier.c.version)
_WITH_FINDINGS = Written(
    lambda among: (
        select(dossier.c.id)
        .join(declaration, _IN_FORCE)
        .join(inbox, inbox.c.id == declaration.c.inbox_id)
        .where(among(dossier.c.id, "dossiers"), cast(inbox.c.findings, Text) != "[]")
    )
)


def _narrows(wanted: WorkWanted) -> list[str]:
    """What each dossier is asked for; gates and states are looks of their own."""
    return [name for name in wanted.parameters if name not in ("gates", "state")]


def _newest_first(looked: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return looked.c.received_at.desc(), looked.c.id.desc()


def _looked_at(wanted: WorkWanted, behind: Behind | None, most: int) -> FromClause | None:
    """So many that came last: one look by an index for each gate and state. None: there is no gate."""
    states = [wanted.state] if wanted.state else [state.value for state in DossierState]
    gates: Sequence[str | None] = (None,) if wanted.gates is None else wanted.gates
    looks = [_looked(wanted, gate, state, behind, most) for gate in gates for state in states]
    if not looks:
        return None
    found = union_all(*(select(look.subquery()) for look in looks)).subquery()
    return select(found).order_by(*_newest_first(found)).limit(most).subquery("looked")


def _looked(wanted: WorkWanted, gate: str | None, state: str, behind: Behind | None, limit: int) -> Select[Any]:
    query = select(dossier.c.id, dossier.c.received_at).where(dossier.c.state == state)
    if gate is not None:
        query = query.where(dossier.c.gate == gate)
    if wanted.since is not None:
        query = query.where(dossier.c.received_at > wanted.since)
    if behind is not None and behind.at is not None:
        same = and_(dossier.c.received_at == behind.at, dossier.c.id < behind.id)
        query = query.where(or_(dossier.c.received_at < behind.at, same))
    return query.order_by(dossier.c.received_at.desc(), dossier.c.id.desc()).limit(limit)


def _its(mine: ColumnElement[bool], asked: Sequence[str], is_embedded: bool) -> tuple[FromClause, ColumnElement[bool]]:
    """The dossier of a row, if it is wanted: looked up for each row, whatever the planner estimates."""
    if is_embedded:
        return dossier, and_(mine, *_of(asked, one_by_one))
    return select(dossier).where(mine, *_of(asked, in_one_parameter)).offset(0).lateral("its"), true()


def _running(turn: WorkTurn) -> list[ColumnElement[bool]]:
    """Limits that run for whoever's turn it is. What is brought later is the declarant's, and no turn of his."""
    party = "declarant" if turn is WorkTurn.DECLARANT else "border_guard"
    signed = deadline.c.outbox_id.is_not(None) if turn is WorkTurn.LEAVING else deadline.c.outbox_id.is_(None)
    return [OPEN, deadline.c.party == party, signed, deadline.c.kind != BRING_WITHIN]


def _has_earlier(turn: WorkTurn) -> ColumnElement[bool]:
    """Whether the same dossier has another such limit that ends before: it is listed once, by the first."""
    ends = func.coalesce(_EARLIER.c.due_at, _EARLIER.c.alert_due_at)
    signed = _EARLIER.c.outbox_id.is_not(None) if turn is WorkTurn.LEAVING else _EARLIER.c.outbox_id.is_(None)
    same = [_EARLIER.c.dossier_id == deadline.c.dossier_id, _EARLIER.c.party == deadline.c.party, signed]
    before = or_(
        ends < ENDS, and_(ends == ENDS, _EARLIER.c.id < deadline.c.id), and_(ENDS.is_(None), ends.is_not(None))
    )
    return exists().where(*same, _EARLIER.c.ended_at.is_(None), _EARLIER.c.kind != BRING_WITHIN, before)


def _of(asked: Iterable[str], among: Among) -> list[ColumnElement[bool]]:
    """The conditions of these names; what else is asked is none on a dossier."""
    return [_CONDITIONS[name](among) for name in asked if name in _CONDITIONS]


def _is_behind(ends_are_known: bool) -> ColumnElement[bool]:
    further = deadline.c.id > bindparam("behind")
    if not ends_are_known:
        return and_(ENDS.is_(None), further)
    ends = bindparam("ends", type_=deadline.c.due_at.type)
    return or_(ends < ENDS, and_(ends == ENDS, further), ENDS.is_(None))
