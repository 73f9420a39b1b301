"""The register of people: who acts here, in which roles, for which border unit or customs office.

Nobody grants himself anything, a removed person stays in history, and there is always an administrator. Only while
nobody was ever registered does anybody else act: so an installation can go on as it was until it has its register.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store import journal
from adapter.gateways.store import offices as office_store
from adapter.gateways.store import people as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_access_rows import NewPerson
from adapter.gateways.store.people import Person
from adapter.model.actor import EVERYWHERE, OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Actor, ActorKind, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.text import LOGIN, OFFICER_NAME, OFFICER_RANK, REASON, typed
from adapter.model.units import BorderUnits
from adapter.services.access.offices import REGISTER, codes_below
from adapter.services.access.rights import Right, has, needs

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is entered of a person. `unit` and `office` are codes; each goes with the roles that are of one."""

    name: str
    roles: tuple[str, ...]
    rank: str = ""
    unit: str | None = None
    office: str | None = None
    login: str | None = None
    """What the identity provider of staff calls him; None: he does not log in."""

    def in_roles(self, roles: tuple[str, ...]) -> Facts:
        """The same person in other roles; a unit or an office of which none of them is goes with the old ones."""
        unit = self.unit if UNIT_ROLES.intersection(roles) else None
        office = self.office if OFFICE_ROLES.intersection(roles) else None
        return replace(self, roles=roles, unit=unit, office=office)


@dataclass(frozen=True)
class People:
    """Use cases of administrators. `clock` gives the real time; `units` are those that the installation serves."""

    database: Database
    units: Callable[[], BorderUnits]
    clock: Callable[[], datetime]

    def add(self, code: str, facts: Facts, *, actor: Actor) -> Person:
        """Register a person under an id. The first one is an administrator.

        Raises:
            NotAllowed: the id is or was in use, or the facts do not fit together.
            NoRight: the actor may not register him so.
        """
        if not _ID.fullmatch(code):
            raise NotAllowed(f"{code!r} is no id: 1 to 60 letters, digits, dots, hyphens and underscores")
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            if store.is_empty(connection):
                if Role.ADMINISTRATOR.value not in facts.roles:
                    raise NotAllowed("the register is empty: the first person in it has the role administrator")
            else:
                not_himself(actor, code)
                _is_free(connection, code)
            return self._enter(connection, "person.add", code, facts, actor)

    def change(self, code: str, facts: Callable[[Person], Facts], *, actor: Actor) -> Person:
        """Change the facts of a registered person; `facts` makes the new ones from those in force.

        Raises:
            NotAllowed: no current entry has the id, the facts do not fit, or no administrator would be left.
            NoRight: the actor may not.
        """
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            before = self._current(connection, code)
            not_himself(actor, code)
            self._within_reach(connection, actor, before.roles, before.office)
            now = self.clock()
            store.end(connection, code, at=now, by=actor.journal_name, reason=None)
            after = self._enter(connection, "person.change", code, facts(before), actor)
            _an_administrator_stays(connection)
            return after

    def remove(self, code: str, *, reason: str, actor: Actor) -> Person:
        """Remove a person from this moment; the record of past acts stays.

        Raises:
            NotAllowed: no current entry has the id, or he is the last administrator.
            NoRight: the actor may not.
        """
        reason = typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            before, now = self._current(connection, code), self.clock()
            self._within_reach(connection, actor, before.roles, before.office)
            store.end(connection, code, at=now, by=actor.journal_name, reason=reason)
            _an_administrator_stays(connection)
            entry = Entry.by("person.remove", actor, now, {"person": code, "reason": reason})
            journal.append(connection, self.database, entry)
            return store.history(connection, code)[-1]

    def restore(self, code: str, *, actor: Actor) -> Person:
        """Register a removed person again, with the last facts.

        Raises:
            NotAllowed: nobody of that id was removed, or what he had is not there any more.
            NoRight: the actor may not.
        """
        with self.database.transaction() as connection:
            self.database.lock(connection, [REGISTER])
            earlier = store.history(connection, code)
            if not earlier or earlier[-1].ended_at is None:
                raise NotAllowed(f"nobody of the id {code!r} was removed; see `people list --all`")
            not_himself(actor, code)
            return self._enter(connection, "person.restore", code, facts_of(earlier[-1]), actor)

    def acting(
        self, code: str, *, account: str | None = None, typed_by: str | None = None, name: str = "", rank: str = ""
    ) -> Actor:
        """The person of this id; `name` and `rank` are the stated ones of a person while the register is empty.

        Raises:
            NotAllowed: nobody is registered under it, though the register is in use, or under another name.
        """
        with self.database.reading() as connection:
            found = store.current(connection, [code]).get(code)
            if found is None and not store.is_empty(connection):
                raise _nobody(connection, code)
        if found is None:
            return Actor(
                ActorKind.PERSON,
                code,
                name,
                rank,
                roles=STAFF_ROLES,
                unit=EVERYWHERE,
                office=EVERYWHERE,
                account=account,
                typed_by=typed_by,
                is_registered=False,
            )
        for what, stated, kept in (("name", name, found.name), ("rank", rank, found.rank)):
            if stated and typed(stated, f"the {what}") != kept:
                raise NotAllowed(f"{code} is registered with another {what}; leave it out, or see `people change`")
        return actor_of(found, account=account, typed_by=typed_by)

    def _current(self, connection: Connection, code: str) -> Person:
        found = store.current(connection, [code]).get(code)
        if found is None:
            raise _nobody(connection, code)
        return found

    def _enter(self, connection: Connection, event: str, code: str, facts: Facts, actor: Actor) -> Person:
        now, roles, login = self.clock(), _roles(facts.roles), _login(connection, facts.login)
        values: NewPerson = {
            "code": code,
            "name": typed(facts.name, "the name", most=OFFICER_NAME, least=1),
            "rank": typed(facts.rank, "the rank", most=OFFICER_RANK),
            "roles": [role.value for role in roles],
            "unit": self._unit(roles, facts.unit),
            "office": _office(connection, roles, facts.office),
            "login": login,
            "since": now,
            "granted_by": actor.journal_name,
        }
        self._within_reach(connection, actor, roles, facts.office)
        store.add(connection, self.database, values)
        detail = {"person": code, "roles": values["roles"], "unit": values["unit"], "office": values["office"]}
        if login is not None:  # it may be a number of his
            detail["login"] = login_digest(login)
        journal.append(connection, self.database, Entry.by(event, actor, now, detail))
        return self._current(connection, code)

    def _unit(self, roles: tuple[Role, ...], unit: str | None) -> str | None:
        """The code of his unit, which the only unit of an installation need not be named for."""
        of_unit, codes = UNIT_ROLES & set(roles), [each.code for each in self.units().every]
        if not of_unit:
            if unit is not None:
                raise NotAllowed(f"a unit goes with one of the roles {_words(UNIT_ROLES)}; leave --unit out")
            return None
        if unit is None and len(codes) == 1:
            return codes[0]
        if unit not in codes:
            named = f"there is no unit {unit!r}" if unit else f"the role {_words(of_unit)} is of one unit"
            raise NotAllowed(f"{named}; there are: {', '.join(codes)}")
        return unit

    @staticmethod
    def _within_reach(connection: Connection, actor: Actor, roles: Iterable[Role], office: str | None) -> None:
        """An administrator manages everybody; one of customs the people of customs, of his office and those below it.

        Raises:
            NoRight: he may not.
        """
        if has(actor, Right.MANAGE_PEOPLE):
            return
        needs(actor, Right.MANAGE_CUSTOMS_PEOPLE)
        if not OFFICE_ROLES.issuperset(roles):
            raise NoRight(f"{actor.id} manages people in the roles {_words(OFFICE_ROLES)} only")
        reach = codes_below(connection, actor.office)
        if Role.CUSTOMS_ADMINISTRATOR in roles:
            reach = reach[1:]  # of an office below his own: nobody makes his equals
        if office not in reach:
            raise NoRight(f"{actor.id} manages people of these offices only: {', '.join(reach) or 'none'}")

    def list(self, *, removed: bool = False) -> list[Person]:
        """Everybody who is registered; with `removed` every entry that ended too."""
        with self.database.reading() as connection:
            return store.every(connection, ended=removed)

    def without_a_unit(self) -> Sequence[Person]:
        """Who is registered at a unit that the installation does not state (any more): he reaches no dossier."""
        codes = {unit.code for unit in self.units().every}
        return [person for person in self.list() if person.unit is not None and person.unit not in codes]

    def show(self, code: str) -> Sequence[Person]:
        """Every entry under an id, the oldest first.

        Raises:
            NotAllowed: there is none.
        """
        with self.database.reading() as connection:
            found = store.history(connection, code)
            if not found:
                raise _nobody(connection, code)
            return found


def facts_of(person: Person) -> Facts:
    """The current facts of a person, to be entered again."""
    roles = tuple(role.value for role in person.roles)
    return Facts(person.name, roles, person.rank, person.unit, person.office, person.login)


def login_digest(login: str) -> str:
    """A login for the journal: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(login.encode()).hexdigest()[:16]


def actor_of(
    person: Person,
    *,
    account: str | None = None,
    typed_by: str | None = None,
    token: int | None = None,
    proven_at: datetime | None = None,
) -> Actor:
    """A registered person as he acts now."""
    return Actor(
        ActorKind.PERSON,
        person.id,
        person.name,
        person.rank,
        roles=frozenset(person.roles),
        unit=person.unit,
        office=person.office,
        account=account,
        typed_by=typed_by,
        token=token,
        proven_at=proven_at,
    )


def _roles(stated: tuple[str, ...]) -> tuple[Role, ...]:
    known = [role.value for role in Role if role in STAFF_ROLES]
    for role in stated:
        if role not in known:
            raise NotAllowed(f"there is no role {role!r} in the register; there are: {', '.join(known)}")
    if not stated:
        raise NotAllowed(f"a person has at least one role; there are: {', '.join(known)}")
    return tuple(role for role in Role if role.value in stated)


def _office(connection: Connection, roles: tuple[Role, ...], office: str | None) -> str | None:
    of_office = OFFICE_ROLES & set(roles)
    if not of_office:
        if office is not None:
            raise NotAllowed(f"an office goes with one of the roles {_words(OFFICE_ROLES)}; leave --office out")
        return None
    codes = [each.code for each in office_store.every(connection)]
    if office not in codes:
        named = f"there is no office {office!r}" if office else f"the role {_words(of_office)} is of one office"
        raise NotAllowed(f"{named}; there are: {', '.join(codes) or 'none yet, see `office add`'}")
    return office


def _login(connection: Connection, login: str | None) -> str | None:
    if login is None:
        return None
    stated = typed(login, "the login", most=LOGIN, least=1)
    holder, _ = store.of_login(connection, stated)
    if holder is not None:
        raise NotAllowed(f"that login is {holder.id}'s already: a login is of one person")
    return stated


def not_himself(actor: Actor, code: str) -> None:
    """Nobody enters anything of himself.

    Raises:
        NoRight: the actor is the person of this id.
    """
    if actor.kind is ActorKind.PERSON and actor.id == code:
        raise NoRight(f"{code} grants himself nothing: another administrator enters it")


def _is_free(connection: Connection, code: str) -> None:
    earlier = store.history(connection, code)
    if earlier and earlier[-1].ended_at is None:
        raise NotAllowed(f"{code} is registered already: see `people change`, or choose another id")
    if earlier:
        raise NotAllowed(f"{code} was removed from the register: see `people restore`, or choose another id")


def _an_administrator_stays(connection: Connection) -> None:
    if not any(Role.ADMINISTRATOR in person.roles for person in store.every(connection)):
        raise NotAllowed("he is the last administrator: make another one first")


def _nobody(connection: Connection, code: str) -> NotAllowed:
    earlier = store.history(connection, code)
    if earlier:
        return NotAllowed(f"{code} was removed from the register: see `people show {code}`")
    return NotAllowed(f"nobody is registered as {code!r}: see `people list`")


def _words(roles: Iterable[Role]) -> str:
    return ", ".join(role.value for role in Role if role in set(roles))
