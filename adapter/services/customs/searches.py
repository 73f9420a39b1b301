"""Customs look results up (letter of 27/5/2022, section 2): from the own store, so also while the window is away.

Somebody sees the dossiers of his office's places, of the procedures that he may look up, and of persons what
`customs.yaml` lists. The journal keeps who asked, for which office, by what (its digest), and which dossiers he saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from adapter.gateways.store import customs_lookups, listings, lookup_rights, lookup_traces, lookups
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import FoundDossier, OriginalReply
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.lookups import Narrowed
from adapter.model.actor import Actor, ActorKind
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import ShownState, stored_state
from adapter.model.errors import NoRight
from adapter.model.events import Event, Observe
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.search_keys import NAME, PAPER, name_ranges, name_values
from adapter.services.customs.answer import CustomsAnswer, InForce, answered
from adapter.services.customs.granted import LookupReach, LookupRights
from adapter.services.customs.search import Key, NotASearch, Read, Search, cursor, digest_of, read
from adapter.services.dossiers.lookup import DECISIONS, Lookup

PAGE = 50
"""Dossiers of one page."""


class TooManyNames(NoRight):
    """Somebody has searched by name as often as he may in an hour. `retry_s`: when the next hour begins."""

    def __init__(self, most: int, retry_s: int) -> None:
        super().__init__(f"at most {most} searches by name in an hour; search by a paper's number meanwhile")
        self.most, self.retry_s = most, retry_s
        self.vi = f"Mỗi giờ chỉ được tra cứu theo họ tên {most} lần; hãy tra theo số giấy tờ hoặc chờ sang giờ sau."


@dataclass(frozen=True, slots=True)
class CustomsAnswers:
    """A page. `next` is the cursor of the page behind it, None on the last one."""

    answers: Sequence[CustomsAnswer]
    next: str | None
    notes: Sequence[Label]
    """What was read otherwise than it was typed, or that not all was looked through."""


@dataclass(frozen=True, slots=True)
class SeenDecision:
    """The newest signed decision about a dossier."""

    dossier: FoundDossier
    reply: OriginalReply


@dataclass(frozen=True)
class Searches:
    """The use cases. `purposes`: codes of which a search names one, empty: none; `clock` gives the legal time."""

    database: Database
    catalogue: Callable[[], Catalogue]
    lookup: Lookup
    rights: LookupRights
    purposes: frozenset[str]
    names_an_hour: int
    clock: Callable[[], datetime]
    observe: Observe

    def search(self, search: Search, actor: Actor) -> CustomsAnswers:
        """The dossiers that the actor may see.

        Raises:
            NotASearch: what was typed cannot be meant, or a purpose is missing.
            NoRight: the actor is not of customs, or may not search so.
            TooManyNames: by name, as often as he may.
        """
        made = read(search, self.catalogue().codelists.get("nationalities", {}))
        with self.database.transaction() as connection:
            sight = self.rights.sight(connection, actor)
            self._has_a_purpose(search)
            if search.key is Key.NAME:
                self._may_ask_by_name(connection, actor)
            rows, notes = self._rows(connection, made, sight)
            shown = rows[:PAGE]
            found = self._answers(connection, shown, made, sight)
            seen = {each.id for each in found}
            persons = sum(len(each.persons) for each in found)
            told = [row for row in shown if row.id in seen]
            self._journal(connection, JournalEvent.LOOKUP_DOSSIERS, made, sight, actor, told, persons)
        self.observe(Event.LOOKUP, kind=made.kind, hits=len(found), token=actor.token)
        behind = _place(made, shown[-1]) if len(rows) > PAGE else None
        return CustomsAnswers(found, behind, (*made.notes, *notes))

    def decision(self, number: str, year: int, purpose: str | None, actor: Actor) -> SeenDecision | None:
        """The newest signed decision, or None where there is none that the actor may see.

        Raises:
            NotASearch: a purpose is missing.
            NoRight: the actor is not of customs, or of no office.
        """
        made = Read(Search(Key.NUMBER, number, year, purpose=purpose), Key.NUMBER, (f"{number}/{year}",))
        with self.database.transaction() as connection:
            sight = self.rights.sight(connection, actor)
            self._has_a_purpose(made.search)
            rows, _ = self._rows(connection, made, sight)
            decisions = lookups.decisions(connection, [row.id for row in rows], DECISIONS)
            told = [row for row in rows if row.id in decisions]
            self._journal(connection, JournalEvent.LOOKUP_REPLY, made, sight, actor, told)
        self.observe(Event.LOOKUP, kind="reply", hits=len(told), token=actor.token)
        return SeenDecision(told[0], decisions[told[0].id]) if told else None

    def _has_a_purpose(self, search: Search) -> None:
        if self.purposes and search.purpose not in self.purposes:
            codes = ", ".join(sorted(self.purposes))
            raise NotASearch(f"state the purpose, one of: {codes}", f"Hãy nêu mục đích tra cứu, một trong: {codes}")
        if not self.purposes and search.purpose is not None:
            raise NotASearch("no purpose is asked for here; leave it out", "Không cần nêu mục đích tra cứu")

    def _may_ask_by_name(self, connection: Connection, actor: Actor) -> None:
        if actor.kind is not ActorKind.PERSON:
            raise NoRight("a search by name needs an officer who is named; this token is of a whole office")
        seconds = int(self.clock().timestamp())
        self.database.lock(connection, [f"names:{actor.journal_name}"])
        if lookup_rights.counted(connection, actor.journal_name, seconds // 3600) > self.names_an_hour:
            raise TooManyNames(self.names_an_hour, 3600 - seconds % 3600)

    def _rows(
        self, connection: Connection, made: Read, sight: LookupReach
    ) -> tuple[Sequence[FoundDossier], Sequence[Label]]:
        """One more than a page, and notes for the reader."""
        narrowed, limit = _narrowed(made.search, sight), PAGE + 1
        before = int(made.after[-1]) if made.after else None
        match made.search.key:
            case Key.NUMBER:
                number = made.values[0].rpartition("/")[0]
                rows = lookups.by_number(
                    connection,
                    number=number,
                    year=made.search.year,
                    places=sight.places,
                    limit=limit,
                    narrowed=narrowed,
                )
            case Key.PERIOD:
                behind = (datetime.fromisoformat(made.after[0]), before or 0) if len(made.after) > 1 else None
                rows = customs_lookups.in_period(
                    connection, places=sight.places, narrowed=narrowed, limit=limit, before=behind
                )
            case Key.NAME:
                named = customs_lookups.by_name(
                    connection,
                    whole=name_values(list(made.words)),
                    begins=name_ranges(list(made.words)),
                    places=sight.places,
                    narrowed=narrowed,
                    limit=limit,
                    before=before,
                )
                return named.dossiers, (_MANY,) if named.more else ()
            case _:
                rows = self._by_keys(connection, made, sight, narrowed, before)
        return rows, ()

    def _by_keys(
        self, connection: Connection, made: Read, sight: LookupReach, narrowed: Narrowed, before: int | None
    ) -> list[FoundDossier]:
        """By each spelling of the key; of an identity card there are two."""
        found: dict[int, FoundDossier] = {}
        for value in made.values:
            rows = lookups.by_key(
                connection,
                kind=made.kind,
                value=value,
                places=sight.places,
                limit=PAGE + 1,
                before=before,
                narrowed=narrowed,
            )
            found |= {row.id: row for row in rows}
        return sorted(found.values(), key=lambda row: -row.id)[: PAGE + 1]

    def _answers(
        self,
        connection: Connection,
        rows: Sequence[FoundDossier],
        made: Read,
        sight: LookupReach,
    ) -> list[CustomsAnswer]:
        is_alone = len(rows) == 1 and not made.after  # on a last page one may stand that is one of many
        shows_persons = is_alone or made.kind in (PAPER, NAME)
        papers = made.values if made.kind == PAPER and not is_alone else None
        declared = _declared(connection, rows, persons=sight.persons, shown=shows_persons)
        found = []
        for row, described in zip(rows, self.lookup.described(connection, rows), strict=True):
            made_of = answered(described, row, declared[row.id], self.catalogue(), sight, papers)
            if made.nationality is None or made_of.has(made.values, made.nationality):
                found.append(made_of if is_alone else made_of.only(made))
        return found

    def _journal(
        self,
        connection: Connection,
        event: JournalEvent,
        made: Read,
        sight: LookupReach,
        actor: Actor,
        told: Sequence[FoundDossier],
        persons: int = 0,
    ) -> None:
        search = made.search
        named = ("procedure", "gate", "unit", "state", "nationality", "purpose")
        detail: dict[str, object] = {
            "office": sight.office,
            "kind": made.kind,
            "value": made.digest,
            "hits": len(told),
            "dossiers": [f"{row.number}/{row.year}" for row in told],
            "persons": persons,
            **{name: getattr(search, name) for name in named if getattr(search, name) is not None},
        }
        if search.first_day or search.last_day:
            detail["period"] = f"{search.first_day or ''}/{search.last_day or ''}"
        entry = Entry.by(event.value, actor, self.clock(), detail)
        subjects = [lookup_traces.of_dossier(row.id) for row in told]
        asked = (digest_of(value) for value in made.values)
        lookup_traces.keep(connection, self.database, entry, [*subjects, *asked])


def _declared(
    connection: Connection, rows: Sequence[FoundDossier], *, persons: bool, shown: bool
) -> dict[int, InForce]:
    """What the version in force of each dossier says. Lists are read where their persons are `shown`: a page of fifty
    groups would else read thousands of people, to say how many they are.
    """
    in_force = customs_lookups.in_force_of(connection, [row.id for row in rows])
    ids = [each.id for each in in_force.values()] if persons else []
    lists = listings.rows_of(connection, ids) if ids and shown else {}
    counts = customs_lookups.row_counts_of(connection, ids) if ids and not shown else {}
    found = {}
    for row in rows:
        version = in_force.get(row.id)
        place = version.id if version is not None else 0
        found[row.id] = InForce(version, lists.get(place, {}), None if shown else counts.get(place, {}))
    return found


_MANY = Label(
    f"Tên này có quá nhiều người: chỉ xem {customs_lookups.NAMESAKES} lượt khai; hãy nêu đủ họ, tên đệm và tên, "
    "hoặc số giấy tờ",
    f"Too many have this name: only {customs_lookups.NAMESAKES} were looked through; give the whole name, or the "
    "number of a paper",
)


def _narrowed(search: Search, sight: LookupReach) -> Narrowed:
    procedures = sight.procedures if search.procedure is None else sight.procedures & {search.procedure}
    first, last = search.first_day, search.last_day
    state, way = stored_state(None if search.state is None else ShownState(search.state))
    return Narrowed(
        procedures=sorted(procedures),
        gate=search.gate,
        unit=search.unit,
        state=state,
        way=way,
        since=None if first is None else datetime.combine(first, time(), VIETNAM),
        until=None if last is None else datetime.combine(last + timedelta(days=1), time(), VIETNAM),
    )


def _place(made: Read, row: FoundDossier) -> str:
    times = (row.received_at.astimezone(VIETNAM).isoformat(),) if made.search.key is Key.PERIOD else ()
    return cursor(made, *times, str(row.id))
