"""Which procedures a customs officer may look up: the five of the letter, unless his administrator says otherwise.

A procedure that the letter does not name (vehicles, ships) is opened by configuration first, and then given to an
officer. Administrators of customs give and withdraw for the people of their office and those below it (letter of
27/5/2022, section 2: phân quyền … cho cán bộ hải quan).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import api_parties, journal, lookup_rights
from adapter.gateways.store import people as people_store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.lookup_rights import LookupRight
from adapter.gateways.store.people import Person
from adapter.model.actor import OFFICE_ROLES, Actor, ActorKind
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NoRight, NotAllowed
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


def _within_reach(connection: Connection, actor: Actor, person: Person) -> None:
    """An administrator of customs gives to the people of his office and those below it, and never to himself."""
    not_himself(actor, person.id)
    if has(actor, Right.MANAGE_PEOPLE):
        return
    reached = codes_below(connection, actor.office)
    if person.office not in reached:
        raise NoRight(f"{actor.id} gives rights to people of these offices only: {', '.join(reached) or 'none'}")
