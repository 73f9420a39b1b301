"""The work list of a border unit: what has to be done next, by the clock that the law runs.

Whoever is of a unit sees the dossiers of its gates, with who declared them, and the journal keeps which were shown; an
operator or auditor sees those of every unit without persons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapter.gateways.store import journal, lookups, pairs, suspensions
from adapter.gateways.store import worklist as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.worklist import Behind, ListedDossier, WorkWanted
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import CONFIRMED, TRANSITIONS, Act, DossierState, ShownState, stored_state
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label, Procedure
from adapter.model.turns import WorkTurn
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right, has, is_its, is_of_unit, needs
from adapter.services.dossiers.naming import form_of, gate_codes, gate_name, party_name
from adapter.services.dossiers.own_records import RunningLimit
from adapter.services.dossiers.shown_state import shown

PAGE = 50
"""So many dossiers are on one page."""
LATELY = timedelta(days=30)
"""How far back the newest go: older ones are found by a key."""
MOST_NEWS = 100
FLAGS: Mapping[str, str] = {"khai-muon": "late", "hai-cua": "linked"}
"""What an address filters by, and the flag of the rows that it leaves: declared late; declared by both doors."""
_TO_DECIDE = {DossierState.RECEIVED, DossierState.ACCEPTED, DossierState.AMENDED}
"""States in which an officer has yet to decide: what was found in the declaration is a flag of its row."""
_CONFIRMABLE = {state for state, act in TRANSITIONS if act in (Act.COMPLETE, Act.COMPLETE_AMENDMENT)}


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """What is asked for, as codes: never a value of a person. None: everything."""

    turn: WorkTurn = WorkTurn.UNIT
    procedure: str | None = None
    gate: str | None = None
    state: ShownState | None = None
    flag: str | None = None
    mine: bool = False
    """Only those that he has acted on."""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One dossier of the list. `state` is the word that people are shown; `flags` are keys of words."""

    number: str
    year: int
    title: Label
    form: str | None
    state: str
    gate: Label | None
    party: str
    """The principal, or the declarant where he declares for himself; masked for who may not see persons."""
    crossing_at: datetime | None
    received_at: datetime
    limit: RunningLimit | None
    flags: tuple[str, ...]
    can_confirm: bool
    """Whether its state allows a confirmation, so that it may be one of a batch."""


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A page of the list. `last`: where the next one begins; `mark` changes when the list's first page does.

    `looked_to`: a filter has looked at dossiers that came after this, and not yet at older ones; None: at all.
    """

    rows: tuple[WorkRow, ...]
    last: str | None
    at: datetime
    mark: str
    procedures: Mapping[str, Label]
    gates: Mapping[str, Label]
    """What one can filter by, by code."""
    looked_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkNews:
    """How many dossiers came into a list since a time (`MOST_NEWS`: so many or more), and the list's mark now."""

    count: int
    mark: str


@dataclass(frozen=True)
class WorkLists:
    """The use cases of the work list. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    units: BorderUnits
    clock: Callable[[], datetime]

    def known(self, asked: WorkFilter) -> WorkFilter:
        """The filter without codes that nothing has: what else was typed there comes back on no page."""
        procedure = asked.procedure if asked.procedure in self.catalogue.procedures else None
        gates = {code for each in self._offered(self.clock()) for code in gate_codes(self.catalogue, each)}
        return replace(asked, procedure=procedure, gate=asked.gate if asked.gate in gates else None)

    def page(self, actor: Actor, asked: WorkFilter, after: str | None) -> WorkPage:
        """The dossiers of his unit that are asked for, behind the place that `WorkPage.last` named.

        Raises:
            NoRight: he may see no dossiers.
        """
        needs(actor, Right.SEE_DOSSIERS)
        now = self.clock()
        wanted = self._wanted(actor, asked, now)
        with self.database.reading() as connection:
            found = self._found(connection, wanted, _behind(after), PAGE + 1)
            reached = self._reached(connection, wanted, _behind(after), found)
            first = found if after is None else self._found(connection, wanted, None, PAGE + 1)
            rows = self._rows(connection, actor, found[:PAGE])
        self._keep(actor, rows, now)
        ends: ListedDossier | Behind | None = found[PAGE - 1] if len(found) > PAGE else reached
        last = None if ends is None else _place(ends)
        offered = self._offered(now)
        gates = self._gates(wanted, offered)
        looked_to = None if reached is None else reached.at
        return WorkPage(tuple(rows), last, now, _mark(first), _procedures(offered), gates, looked_to)

    def news(self, actor: Actor, asked: WorkFilter, since: datetime) -> WorkNews:
        """What came into the list since then; no value of a dossier is read for it.

        Raises:
            NoRight: he may see no dossiers.
        """
        needs(actor, Right.SEE_DOSSIERS)
        now = self.clock()
        wanted = self._wanted(actor, asked, now)
        with self.database.reading() as connection:
            found = self._found(connection, wanted, None, PAGE + 1)
            if asked.turn is WorkTurn.NEWEST:
                count = sum(1 for row in found if row.received_at > since)
            else:
                count = store.news(connection, wanted, since, MOST_NEWS)
        return WorkNews(count, _mark(found))

    def _wanted(self, actor: Actor, asked: WorkFilter, now: datetime) -> WorkWanted:
        gates = self._reach(actor)
        if asked.gate is not None:
            gates = (asked.gate,) if gates is None or asked.gate in gates else ()
        flag = FLAGS.get(asked.flag or "")
        state, way = stored_state(asked.state)
        return WorkWanted(
            turn=asked.turn,
            gates=gates,
            procedure=asked.procedure,
            state=state,
            way=way,
            late=flag == "late",
            linked=flag == "linked",
            by=actor.journal_name if asked.mine else None,
            since=now - LATELY,
        )

    def _reach(self, actor: Actor) -> tuple[str, ...] | None:
        """The gates whose dossiers he sees; None: every gate."""
        if actor.unit == EVERYWHERE or not is_of_unit(actor, Right.SEE_DOSSIERS):
            return None
        unit = self.units.by_code(actor.unit)
        if unit is None:
            return ()
        return None if unit.gates is None else tuple(sorted(unit.gates))

    @staticmethod
    def _found(
        connection: Connection, wanted: WorkWanted, behind: Behind | None, limit: int
    ) -> Sequence[ListedDossier]:
        look = store.newest if wanted.turn is WorkTurn.NEWEST else store.by_clock
        return look(connection, wanted, behind, limit)

    @staticmethod
    def _reached(
        connection: Connection, wanted: WorkWanted, behind: Behind | None, found: Sequence[ListedDossier]
    ) -> Behind | None:
        """How far a filter looked that has not filled its page; None: to the end."""
        if wanted.turn is not WorkTurn.NEWEST or len(found) > PAGE:
            return None
        return store.looked_to(connection, wanted, behind)

    def _rows(self, connection: Connection, actor: Actor, found: Sequence[ListedDossier]) -> list[WorkRow]:
        ids = [row.id for row in found]
        confirmed = lookups.confirmations(connection, [row.id for row in found if row.state in CONFIRMED])
        linked, undecided = pairs.are_open(connection, ids), store.undecided(connection, ids)
        noted = store.with_findings(connection, [row.id for row in found if row.state in _TO_DECIDE])
        numbers = {number for row in found for number in row.identities}
        suspended = suspensions.current(connection, numbers)
        rows = []
        for row in found:
            flags = {
                "late": row.late,
                "linked": row.id in linked,
                "undecided": row.id in undecided,
                "suspended": bool(suspensions.stopping(suspended, row.identities, row.unit)),
            }
            flags["findings"] = row.id in noted and not any(flags.values())  # the others say what it is
            newest = confirmed.get(row.id, ())
            set_flags = tuple(name for name, is_so in flags.items() if is_so)
            rows.append(self._row(actor, row, shown(row.state, newest[-1] if newest else None), set_flags))
        return rows

    def _row(self, actor: Actor, row: ListedDossier, state: str, flags: tuple[str, ...]) -> WorkRow:
        procedure = self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())
        personal = self._sees_persons(actor, row)
        stated = {"principal": row.principal, "declarant": row.declarant}
        parties = [party_name(procedure, role, value, personal=personal) for role, value in stated.items()]
        return WorkRow(
            number=row.number,
            year=row.year,
            title=procedure.title if procedure else Label(row.procedure, row.procedure),
            form=form_of(procedure) if procedure else None,
            state=state,
            gate=gate_name(self.catalogue, procedure, row.gate),
            party=next((party for party in parties if party), ""),
            crossing_at=row.crossing_at,
            received_at=row.received_at,
            limit=_limit(row),
            flags=flags,
            can_confirm=row.completed_at is None and row.state in _CONFIRMABLE,
        )

    def _sees_persons(self, actor: Actor, row: ListedDossier) -> bool:
        return is_its(actor, self.units.of(row.gate, row.unit)) and has(actor, Right.SEE_PERSONAL_VALUES)

    def _keep(self, actor: Actor, rows: Sequence[WorkRow], now: datetime) -> None:
        """Who declared them was shown: the journal keeps to whom, and of which dossiers."""
        if not rows or not has(actor, Right.SEE_PERSONAL_VALUES):
            return
        with self.database.transaction() as connection:
            detail = {"dossiers": [f"{row.number}/{row.year}" for row in rows]}
            journal.append(connection, self.database, Entry.by(JournalEvent.WORKLIST_SHOWN, actor, now, detail))

    def _offered(self, now: datetime) -> list[Procedure]:
        """The procedures in force today."""
        day = now.astimezone(VIETNAM).date()
        current = (self.catalogue.find(code, day) for code in self.catalogue.procedures)
        return [each for each in current if each is not None]

    def _gates(self, wanted: WorkWanted, offered: Sequence[Procedure]) -> Mapping[str, Label]:
        """The gates of the unit; nothing to choose where there is one, or where it is every gate."""
        known = next((each for each in offered if "gate" in each.place), None)
        named = {code: gate_name(self.catalogue, known, code) for code in wanted.gates or ()}
        return {code: name for code, name in named.items() if name is not None}


def _procedures(offered: Sequence[Procedure]) -> Mapping[str, Label]:
    """Those by which dossiers are declared; who amends one is no dossier of its own."""
    return {each.code: each.title for each in offered if each.completion and not each.amends}


def _limit(row: ListedDossier) -> RunningLimit | None:
    if row.clock_name is None or row.clock_kind is None or row.clock_party is None:
        return None
    return RunningLimit(row.clock_name, row.clock_kind, row.clock_party, row.clock_due_at)


def _mark(found: Sequence[ListedDossier]) -> str:
    listed = "|".join(f"{row.number}/{row.year}:{row.journal}" for row in found)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def _place(row: ListedDossier | Behind) -> str:
    """The place of a row, for an address: microseconds since 1970 (or nothing) and its id."""
    ends, place = (row.at, row.id) if isinstance(row, Behind) else (row.ends, row.place)
    at = "" if ends is None else str(round(ends.timestamp() * 1_000_000))
    return f"{at}-{place}"


def _behind(after: str | None) -> Behind | None:
    if after is None:
        return None
    at, _, place = after.partition("-")
    moment = datetime.fromtimestamp(int(at) // 1_000_000, VIETNAM) if at else None
    return Behind(moment and moment + timedelta(microseconds=int(at) % 1_000_000), int(place))
