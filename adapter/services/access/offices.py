"""Customs offices: a tree, in data. An office looks up the dossiers of its own places and of those below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import api_parties, journal
from adapter.gateways.store import offices as store
from adapter.gateways.store import people as people_store
from adapter.gateways.store import tokens as token_store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.errors import NotAllowed
from adapter.model.text import typed
from adapter.services.access.rights import Right, needs

CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
REGISTER = "register of people"
"""One lock for people, offices and what may be looked up: nobody is registered in an office while that is removed."""


@dataclass(frozen=True)
class Offices:
    """Use cases of administrators. `places` gives the codes of all gates and border units; `clock` the real time."""

    database: Database
    places: Callable[[], frozenset[str]]
    clock: Callable[[], datetime]

    def add(self, office: CustomsOffice, *, actor: Actor) -> CustomsOffice:
        """Add an office.

        Raises:
            NotAllowed: its code is in use, or names a gate or unit, or what it refers to is not there.
            NoRight: the actor may not.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        if not CODE.fullmatch(office.code):
            raise NotAllowed(
                f"{office.code!r} is no code of an office: 1 to 40 letters, digits, hyphens and underscores"
            )
        if office.code in self.places():
            raise NotAllowed(f"{office.code} is the code of a gate or border unit; choose another for the office")
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            known = store.every(connection)
            if any(each.code == office.code for each in known):
                raise NotAllowed(f"there is an office {office.code} already; see `office list`")
            office = self._checked(office, known)
            store.add(connection, self.database, office, self.clock())
            self._tell(connection, "office.add", office, actor)
        return office

    def change(self, code: str, facts: Callable[[CustomsOffice], CustomsOffice], *, actor: Actor) -> CustomsOffice:
        """Change an office; the new facts are made from the current ones.

        Raises:
            NotAllowed: there is no such office, or what it refers to is not there, or it would be below itself.
            NoRight: the actor may not.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            known = store.every(connection)
            office = self._checked(facts(_named(known, code)), known)
            if office.parent in [each.code for each in store.below(known, code)]:
                raise NotAllowed(f"office {office.parent} is {code} or is below it: name one that is not")
            store.change(connection, office)
            self._tell(connection, "office.change", office, actor)
        return office

    def remove(self, code: str, *, actor: Actor) -> None:
        """Remove an office.

        Raises:
            NotAllowed: there is no such office, or an office, a person, a program or a valid token is still of it.
            NoRight: the actor may not.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            known, now = store.every(connection), self.clock()
            office = _named(known, code)
            of_it = [
                *(f"office {each.code}" for each in known if each.parent == code),
                *(each.id for each in people_store.every(connection) if each.office == code),
                *(f"token {number}" for number in token_store.of_office(connection, code, now)),
                *(f"{each.kind} {each.code}" for each in api_parties.every(connection) if code in each.offices),
            ]
            if of_it:
                raise NotAllowed(f"of office {code} are still: {', '.join(of_it)}; change or remove them first")
            store.remove(connection, code)
            self._tell(connection, "office.remove", office, actor)

    def _checked(self, office: CustomsOffice, known: Sequence[CustomsOffice]) -> CustomsOffice:
        codes, places = [each.code for each in known], self.places()
        if office.parent is not None and office.parent not in codes:
            raise NotAllowed(f"there is no office {office.parent!r}; there are: {', '.join(codes) or 'none yet'}")
        for place in office.places:
            if place not in places:
                raise NotAllowed(f"there is no gate or unit {place!r}; there are: {', '.join(sorted(places))}")
        name, own = typed(office.name, "the name", most=200, least=1), tuple(sorted(set(office.places)))
        return CustomsOffice(office.code, name, office.parent, own)

    def _tell(self, connection: Connection, event: str, office: CustomsOffice, actor: Actor) -> None:
        detail = {"office": office.code, "parent": office.parent, "places": list(office.places)}
        journal.append(connection, self.database, Entry.by(event, actor, self.clock(), detail))

    def list(self) -> list[CustomsOffice]:
        """All offices, by code."""
        with self.database.reading() as connection:
            return store.every(connection)


def reach(connection: Connection, office: str) -> list[str] | None:
    """Codes of the gates and units whose dossiers an office may look up; None: every one.

    An old token names a gate or a unit instead of an office, and reaches only that.
    """
    if office == EVERYWHERE:
        return None
    below = store.below(store.every(connection), office)
    return sorted({place for each in below for place in each.places}) if below else [office]


def codes_below(connection: Connection, office: str | None) -> list[str]:
    """The code of an office, and then those of every office below it; none where there is no such office."""
    return [each.code for each in store.below(store.every(connection), office or "")]


def _named(known: Sequence[CustomsOffice], code: str) -> CustomsOffice:
    found = [office for office in known if office.code == code]
    if not found:
        codes = ", ".join(office.code for office in known) or "none yet, see `office add`"
        raise NotAllowed(f"there is no office {code!r}; there are: {codes}")
    return found[0]
