"""Which procedures a customs officer may look up: the five of the letter, unless his administrator says otherwise.

A procedure that the letter does not name (vehicles, ships) is opened by configuration first, and then given to an
officer. Administrators of customs give and withdraw for the people of their office and those below it (letter of
27/5/2022, section 2: phân quyền … cho cán bộ hải quan).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import api_parties, journal, lookup_rights, offices
from adapter.gateways.store import people as people_store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.lookup_rights import LookupRight
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.people import Person
from adapter.model.actor import OFFICE_ROLES, Actor, ActorKind
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.offices import REGISTER, codes_below, reach
from adapter.services.access.people import not_himself
from adapter.services.access.rights import Right, has, needs


@dataclass(frozen=True, slots=True)
class LookupReach:
    """What a customs officer may see. `places`: gates and units, None: all. `persons`: whether persons are shown."""

    office: str
    places: Sequence[str] | None
    procedures: frozenset[str]
    persons: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A procedure that is looked up here. `by_rule`: by everybody of customs, unless it was withdrawn from him."""

    code: str
    title: Label
    by_rule: bool


@dataclass(frozen=True, slots=True)
class LookupOfficer:
    """Somebody of customs, and the codes of what he may look up now."""

    person: Person
    procedures: frozenset[str]


@dataclass(frozen=True)
class LookupRights:
    """Asks and changes. `further` are codes of procedures that the installation opens besides the five.

    `office_tokens`: whether tokens of a whole office are taken, which name no officer.
    """

    database: Database
    catalogue: Callable[[], Catalogue]
    further: frozenset[str]
    office_tokens: bool
    clock: Callable[[], datetime]

    def sight(self, connection: Connection, actor: Actor) -> LookupReach:
        """What the actor may see now.

        Raises:
            NoRight: he is not of customs, or of no office.
        """
        needs(actor, Right.LOOK_UP)
        if not actor.office:
            raise NoRight(f"{actor.id} is of no customs office")
        named = actor.kind is ActorKind.PERSON
        if not named and not self.office_tokens:
            raise NoRight("tokens of a whole office, which name no officer, are not taken here (customs.office_tokens)")
        procedures = self._of(connection, actor.id) if named else self.opened
        places: Sequence[str] | None = reach(connection, actor.office)
        if actor.client is not None:
            places, procedures = _both(connection, actor.client, places, procedures)
        return LookupReach(actor.office, places, procedures, persons=named)

    @property
    def by_rule(self) -> frozenset[str]:
        """The procedures that the letter names."""
        found = self.catalogue().procedures.items()
        return frozenset(code for code, versions in found if any(each.paperless for each in versions))

    @property
    def opened(self) -> frozenset[str]:
        """Every procedure that may be looked up here at all."""
        return self.by_rule | self.further

    def of(self, person: str) -> frozenset[str]:
        """What an officer may look up now, by his id in the register."""
        with self.database.reading() as connection:
            return self._of(connection, person)

    def history(self, person: str) -> Sequence[LookupRight]:
        """What was given to an officer and withdrawn from him, the oldest first."""
        with self.database.reading() as connection:
            return lookup_rights.of(connection, person, ended=True)

    def catalogued(self) -> Sequence[Opened]:
        """The procedures that are opened here, the letter's first."""
        catalogue, today, by_rule = self.catalogue(), self.clock().astimezone(VIETNAM).date(), self.by_rule
        found = []
        for code in sorted(self.opened, key=lambda each: (each not in by_rule, each)):
            procedure = catalogue.find(code, today)
            found.append(Opened(code, procedure.title if procedure else Label(code, code), code in by_rule))
        return found

    def offices(self, actor: Actor) -> Sequence[CustomsOffice]:
        """The office of an administrator of customs and those below it: to their people he gives rights.

        Raises:
            NoRight: the actor gives none.
        """
        needs(actor, Right.GRANT_LOOKUP)
        with self.database.reading() as connection:
            return _reached(connection, actor)

    def officers(self, office: str, actor: Actor) -> Sequence[LookupOfficer]:
        """The people of an office to whom the actor gives rights, by id; himself is not among them.

        Raises:
            NotAllowed: the actor reaches no such office.
            NoRight: the actor gives no rights.
        """
        if office not in {each.code for each in self.offices(actor)}:
            raise NotAllowed(f"there is no office {office!r} within reach")
        with self.database.reading() as connection:
            found = [each for each in people_store.of_office(connection, office) if _is_given(actor, each)]
            return [LookupOfficer(each, self._of(connection, each.id)) for each in found]

    def officer(self, person: str, actor: Actor) -> LookupOfficer:
        """Somebody to whom the actor gives rights.

        Raises:
            NotAllowed: there is no such person in an office that the actor reaches.
            NoRight: the actor gives no rights.
        """
        needs(actor, Right.GRANT_LOOKUP)
        with self.database.reading() as connection:
            found = people_store.current(connection, [person]).get(person)
            reached = {each.code for each in _reached(connection, actor)}
            if found is None or not _is_given(actor, found) or found.office not in reached:
                raise NotAllowed(f"nobody of customs within reach is registered as {person!r}")
            return LookupOfficer(found, self._of(connection, person))

    def give(self, person: str, procedure: str, *, actor: Actor) -> frozenset[str]:
        """The officer may look the procedure up from now on; gives all that he may.

        Raises:
            NotAllowed: nobody of customs is registered so, or the procedure is not opened here.
            NoRight: the actor may not.
        """
        return self._state(person, procedure, actor, given=True)

    def withdraw(self, person: str, procedure: str, *, actor: Actor) -> frozenset[str]:
        """The officer may not look the procedure up any more; gives all that he still may.

        Raises:
            NotAllowed: nobody of customs is registered so, or the procedure is not opened here.
            NoRight: the actor may not.
        """
        return self._state(person, procedure, actor, given=False)

    def _state(self, person: str, procedure: str, actor: Actor, *, given: bool) -> frozenset[str]:
        needs(actor, Right.GRANT_LOOKUP)
        if procedure not in self.opened:
            opened = ", ".join(sorted(self.opened))
            raise NotAllowed(f"{procedure} is not looked up here; opened are: {opened} (customs.procedures)")
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            found = people_store.current(connection, [person]).get(person)
            if found is None or not OFFICE_ROLES.intersection(found.roles):
                raise NotAllowed(f"nobody of customs is registered as {person!r}: see `people list`")
            _within_reach(connection, actor, found)
            if given is (procedure in self._of(connection, person)):
                return self._of(connection, person)  # as it stands: a form that came twice changes nothing
            allowed = None if given is (procedure in self.by_rule) else given
            now = self.clock()
            lookup_rights.state(
                connection, self.database, person, procedure, allowed=allowed, by=actor.journal_name, at=now
            )
            event = "lookup.right_give" if given else "lookup.right_withdraw"
            entry = Entry.by(event, actor, now, {"person": person, "procedure": procedure})
            journal.append(connection, self.database, entry)
            return self._of(connection, person)

    def _of(self, connection: Connection, person: str) -> frozenset[str]:
        stated = {each.procedure: each.allowed for each in lookup_rights.of(connection, person)}
        return frozenset(code for code in self.opened if stated.get(code, code in self.by_rule))


def _both(
    connection: Connection, client: str, places: Sequence[str] | None, procedures: frozenset[str]
) -> tuple[Sequence[str] | None, frozenset[str]]:
    """What the officer may see and the program that asks for him may too."""
    program = api_parties.current(connection, api_parties.CLIENT, client)
    if program is None:
        raise NoRight(f"client {client} is not registered any more")
    own = {place for office in program.offices for place in reach(connection, office) or ()}
    seen = sorted(own if places is None else own.intersection(places))
    if program.procedures is not None:
        procedures &= frozenset(program.procedures)
    return seen, procedures


def _reached(connection: Connection, actor: Actor) -> list[CustomsOffice]:
    """The actor's own office and those below it."""
    return offices.below(offices.every(connection), actor.office or "")


def _is_given(actor: Actor, person: Person) -> bool:
    """Whether he looks up at all, and is not the actor himself, who grants himself nothing."""
    himself = actor.kind is ActorKind.PERSON and actor.id == person.id
    return not himself and not OFFICE_ROLES.isdisjoint(person.roles)


def _within_reach(connection: Connection, actor: Actor, person: Person) -> None:
    """An administrator of customs gives to the people of his office and those below it, and never to himself."""
    not_himself(actor, person.id)
    if has(actor, Right.MANAGE_PEOPLE):
        return
    reached = codes_below(connection, actor.office)
    if person.office not in reached:
        raise NoRight(f"{actor.id} gives rights to people of these offices only: {', '.join(reached) or 'none'}")
