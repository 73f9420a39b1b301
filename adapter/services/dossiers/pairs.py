"""Two dossiers that declare the same, one by each door: an officer says whether they are one.

Of one, the table of `pipeline/pairs` says which ends. The other goes on and bears both numbers: messages and officers
find it by either. Nothing is sent about it: no message of the window says so, and its manager reads it in the report of
the incident (NĐ 85/2019/NĐ-CP Article 17(5)). It can be taken back until something has come under the number of the
dossier that ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store import dossiers, listings
from adapter.gateways.store import pairs as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.pairs import ListedPair, StoredPair
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import Dossier, DossierState
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.notification import MERGED, PARTED, NotificationKinds
from adapter.model.stages import Channel
from adapter.model.text import REASON, typed
from adapter.model.units import BorderUnits
from adapter.pipeline.pairs import Ends, PairVerdict, ends, standing
from adapter.pipeline.terms import Terms
from adapter.services.access.rights import Right, needs, needs_in_unit, unit_within
from adapter.services.dossiers.pair_notices import tell_parties
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class PlaceAndTime:
    """Where and when a dossier was declared: beside its number all that another unit's officers are shown of it."""

    gate: str | None
    unit: str | None
    at: datetime
    crossing_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DossierPair:
    """A pair. `verdict` None: nobody has settled it. `ended`: the dossier that it ended, if it ended one.

    `would_end`: which of the two ends if they are said to be the same; None: not now, an amendment is under way.
    A state is None where the dossier is another unit's than the reader's.
    """

    portal: DossierKey
    window: DossierKey
    portal_state: str | None
    window_state: str | None
    portal_place: PlaceAndTime
    window_place: PlaceAndTime
    procedure: str
    gate: str | None
    found_at: datetime
    verdict: PairVerdict | None
    settled_at: datetime | None
    settled_by: str | None
    reason: str | None
    ended: DossierKey | None
    would_end: Ends | None

    def other(self, key: DossierKey) -> DossierKey:
        """The other dossier of the pair."""
        return self.window if key == self.portal else self.portal

    def place(self, key: DossierKey) -> PlaceAndTime:
        """Where and when that dossier of the pair was declared."""
        return self.portal_place if key == self.portal else self.window_place


def pair_of(row: ListedPair) -> DossierPair:
    """A pair of the store with the portal's dossier and the window's in their places."""
    later, earlier = DossierKey(row.number, row.year), DossierKey(row.earlier_number, row.earlier_year)
    is_later = row.channel == Channel.PORTAL.value
    portal, window = (later, earlier) if is_later else (earlier, later)
    one = standing(DossierState(row.state), confirmed=row.completed_at is not None)
    two = standing(DossierState(row.earlier_state), confirmed=row.earlier_completed_at is not None)
    states = (row.state, row.earlier_state) if is_later else (row.earlier_state, row.state)
    places = [
        PlaceAndTime(row.gate, row.unit, row.received_at, row.crossing_at),
        PlaceAndTime(row.earlier_gate, row.earlier_unit, row.earlier_received_at, row.earlier_crossing_at),
    ]
    return DossierPair(
        portal=portal,
        window=window,
        portal_state=states[0],
        window_state=states[1],
        portal_place=places[0 if is_later else 1],
        window_place=places[1 if is_later else 0],
        procedure=row.procedure,
        gate=row.gate,
        found_at=row.found_at,
        verdict=PairVerdict(row.verdict) if row.verdict else None,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
        reason=row.reason,
        ended={Ends.PORTAL.value: portal, Ends.WINDOW.value: window}.get(row.ends or ""),
        would_end=ends(one, two) if is_later else ends(two, one),
    )


@dataclass(frozen=True, slots=True)
class _Matter:
    """A pair that is locked for this transaction."""

    ledger: Ledger
    row: StoredPair
    portal: Dossier
    window: Dossier

    def parted(self, ends: str | None) -> tuple[Dossier, Dossier]:
        """The dossier that ended, and the one that goes on."""
        return (self.window, self.portal) if ends == Ends.WINDOW else (self.portal, self.window)


@dataclass(frozen=True)
class Pairs:
    """The use cases of officers. `clock` gives the legal time (aware).

    `seen`: how far the journal of the dossier that was looked at went; None: nobody has looked.
    """

    database: Database
    catalogue: Callable[[], Catalogue]
    units: BorderUnits
    clock: Callable[[], datetime]
    notifications: Callable[[], NotificationKinds]
    seen: int | None = None

    def of(self, key: DossierKey, actor: Actor) -> tuple[DossierPair, ...]:
        """The pairs of a dossier, the first that was found first.

        Raises:
            NotAllowed: there is no such dossier.
            NoRight: he may see no dossiers, or it is another unit's.
        """
        needs(actor, Right.SEE_DOSSIERS)
        with self.database.reading() as connection:
            row = listings.dossier_row(connection, key)
            if row is None:
                raise NotAllowed(f"there is no dossier {key}")
            needs_in_unit(actor, Right.SEE_DOSSIERS, self.units.of(row.gate, row.unit), f"dossier {key}")
            return tuple(self._seen(pair_of(each), actor) for each in store.of_dossier(connection, row.id))

    def unsettled(self, limit: int, *, actor: Actor) -> list[DossierPair]:
        """Pairs that nobody has settled, the oldest first; an officer's are those of his unit.

        Raises:
            NoRight: he may see no dossiers, or is of a unit that is none of ours.
        """
        unit = unit_within(actor, Right.SEE_DOSSIERS, self.units)
        with self.database.reading() as connection:
            return [self._seen(pair_of(each), actor) for each in store.open_pairs(connection, unit=unit, limit=limit)]

    def is_open_to(self, actor: Actor, place: PlaceAndTime) -> bool:
        """Whether the actor may see the dossier there."""
        try:
            needs_in_unit(actor, Right.SEE_DOSSIERS, self.units.of(place.gate, place.unit), "a dossier")
        except NoRight:
            return False
        return True

    def _seen(self, pair: DossierPair, actor: Actor) -> DossierPair:
        """The pair without the state of a dossier that he may not see."""
        shows = [self.is_open_to(actor, each) for each in (pair.portal_place, pair.window_place)]
        return replace(
            pair,
            portal_state=pair.portal_state if shows[0] else None,
            window_state=pair.window_state if shows[1] else None,
        )

    def settle(
        self, key: DossierKey, other: DossierKey, verdict: PairVerdict, officer: Actor, *, reason: str
    ) -> DossierKey | None:
        """Say whether the two are one; gives the dossier that ended by it, if one did.

        Raises:
            NotAllowed: they are no pair, it is settled, the reason is missing, or a request to amend is open.
            NoRight: the officer has no right to it, or neither of them is his unit's.
        """
        needs(officer, Right.SETTLE_PAIRS)
        reason = typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            matter = self._matter(connection, key, other, officer)
            if matter.row.verdict is not None:
                raise NotAllowed(f"{matter.row.settled_by} has said already that they are {matter.row.verdict}")
            ended = _merged(matter) if verdict is PairVerdict.SAME else Ends.NEITHER
            one = {Ends.PORTAL: matter.portal, Ends.WINDOW: matter.window}.get(ended)
            written = {
                "verdict": verdict.value,
                "settled_at": matter.ledger.now,
                "settled_by": officer.id,
                "reason": reason,
                "ends": ended.value if verdict is PairVerdict.SAME else None,
                "was_state": one.state.value if one else None,
            }
            store.settle(connection, matter.row, written)
            detail = {"verdict": verdict.value, "ended": str(one.key) if one else None, "reason": reason}
            self._record(matter, JournalEvent.PAIR_SETTLE, officer, detail)
            if one is not None:
                self._tell(matter, MERGED, ended)
        return one.key if one else None

    def reopen(self, key: DossierKey, other: DossierKey, officer: Actor, *, reason: str) -> None:
        """Take back what was said of the two: the dossier that ended by it goes on as before, with its time limits.

        Raises:
            NotAllowed: they are no pair, nothing was said of it, the reason is missing, or something has come under the
                number of the dossier that ended.
            NoRight: the officer has no right to it, or neither of them is his unit's.
        """
        needs(officer, Right.SETTLE_PAIRS)
        reason = typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            matter = self._matter(connection, key, other, officer)
            if matter.row.verdict is None:
                raise NotAllowed(f"nobody has said yet whether {key} and {other} are one")
            if matter.row.was_state is not None:
                _parted(matter)
            store.settle(connection, matter.row, {})
            detail = {"verdict": matter.row.verdict, "reason": reason}
            self._record(matter, JournalEvent.PAIR_REOPEN, officer, detail)
            if matter.row.was_state is not None:
                self._tell(matter, PARTED, matter.row.ends)

    def _matter(self, connection: Connection, key: DossierKey, other: DossierKey, officer: Actor) -> _Matter:
        self.database.lock(connection, [dossiers.lock_name(key), dossiers.lock_name(other)])
        found = dossiers.find(connection, [key, other])
        one, two = found.get(key), found.get(other)
        if one is None or two is None or one.id is None or two.id is None:
            raise NotAllowed(f"there is no dossier {other if one else key}")
        self._is_of_either(officer, one, two)
        row = store.find(connection, one.id, two.id)
        if row is None:
            raise NotAllowed(f"{key} and {other} were not found to declare the same by both doors")
        if self.seen is not None and one.journal != self.seen:
            raise NotAllowed(f"dossier {key} has gone on since it was looked at: look at it again")
        docket = Docket(self.database, connection, Terms.of(self.catalogue()))
        ledger = Ledger(connection, self.database, {}, found, self.clock(), docket)
        portal, window = (one, two) if one.channel is Channel.PORTAL else (two, one)
        return _Matter(ledger, row, portal, window)

    def _tell(self, matter: _Matter, occasion: str, ends: str | None) -> None:
        ended, stays = matter.parted(ends)
        kind, ledger = self.notifications().of_occasion(occasion), matter.ledger
        tell_parties(ledger.connection, self.database, kind, ended, stays, ledger.now)

    def _is_of_either(self, officer: Actor, one: Dossier, two: Dossier) -> None:
        """He says it who has one of the two; of another unit's he needs to know no more than where and when it came.

        Raises:
            NoRight: neither is his unit's.
        """
        units = [self.units.of(each.gate, each.unit) for each in (one, two)]
        mine = next((unit for unit in units if unit is not None and unit.code == officer.unit), units[0])
        needs_in_unit(officer, Right.SETTLE_PAIRS, mine, f"dossier {one.key}")

    @staticmethod
    def _record(matter: _Matter, event: JournalEvent, officer: Actor, detail: Mapping[str, object]) -> None:
        """The entry in the journal of each dossier, and everything that has changed."""
        ledger = matter.ledger
        for each, other in ((matter.portal, matter.window), (matter.window, matter.portal)):
            entry = Entry.by(event, officer, ledger.now, {**detail, "other": str(other.key)})
            ledger.record(ledger.dossiers[each.key], entry)
        ledger.write()


def _merged(matter: _Matter) -> Ends:
    """End one of the two, as the table says; the other bears its number from now on."""
    both = (standing(each.state, confirmed=each.confirmed_at is not None) for each in (matter.portal, matter.window))
    found, connection = ends(*both), matter.ledger.connection
    if found is None:
        raise NotAllowed(
            f"an amendment of {matter.portal.key} or {matter.window.key} is asked for or waits for its confirmation: "
            "confirm it or withdraw the request first"
        )
    if found is Ends.NEITHER:
        return found
    ended, stays = matter.parted(found)
    assert stays.id is not None
    matter.ledger.dossiers[ended.key] = replace(ended, state=DossierState.MERGED)
    # The number by which the window has receipted its transfer stands.
    if store.alias(connection, stays.id) is None:
        store.keep_alias(connection, stays.id, ended.key.number)
    return found


def _parted(matter: _Matter) -> None:
    """The dossier that ended goes on in the state that it had."""
    row, connection = matter.row, matter.ledger.connection
    ended, stays = matter.parted(row.ends)
    assert ended.id is not None
    assert stays.id is not None
    assert row.settled_at is not None
    assert row.was_state is not None
    number, year = ended.key.number, ended.key.year
    if store.has_message(connection, stays.id, number, year, row.settled_at):
        raise NotAllowed(f"a message under {ended.key} has come to {stays.key} since: they stay one dossier")
    matter.ledger.dossiers[ended.key] = replace(ended, state=DossierState(row.was_state))
    if store.alias(connection, stays.id) == number:
        store.keep_alias(connection, stays.id, None)
    store.run_on(connection, ended.id, row.settled_at)
