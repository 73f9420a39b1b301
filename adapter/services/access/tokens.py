"""Tokens: they identify callers over HTTP. A machine's token states for whom or for which office it acts; a
person's token states the person, whose roles are in the register.

A token is shown once, when it is issued; only its SHA-256 is kept. It has 256 random bits, so that its hash needs no
salt and cannot be searched for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from adapter.gateways.store import journal, suspensions
from adapter.gateways.store import people as people_store
from adapter.gateways.store import tokens as store
from adapter.gateways.store.access_records import StoredToken
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_access_rows import TokenFacts
from adapter.gateways.store.people import Person
from adapter.gateways.store.suspensions import Suspension
from adapter.model.actor import EVERYWHERE, Actor, ActorKind, Role
from adapter.model.errors import NotAllowed
from adapter.model.text import typed
from adapter.services.access.people import actor_of
from adapter.services.access.rights import Right, needs
from adapter.services.door.batching import Batching
from adapter.services.door.shut import AccountShut
from adapter.services.registers.party_numbers import number_of

PREFIX = "nsw_"
"""The prefix of every token, so that a token that was published by mistake can be found by a search."""
_OFFICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PLAIN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class Machine(StrEnum):
    """The use of a machine's token."""

    DECLARANT = "declarant"
    """A declarant's program: declares, and reads what is its own."""
    CUSTOMS = "customs"
    """A program of customs: looks up the dossiers of its office."""


PERSON = "person"
"""Instead of a use: the token of a registered person, with the rights of that person."""
_ROLES = {Machine.DECLARANT: Role.DECLARANT, Machine.CUSTOMS: Role.CUSTOMS_OFFICER}


@dataclass(frozen=True, slots=True)
class Issued:
    """A token in lists: everything except its secret."""

    id: int
    role: str
    """A machine's use, or `person`. Tokens of 0.1.0 have others too, which open nothing any more."""
    label: str
    person: str | None
    bound_to: str | None
    office: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Tokens:
    """Issues, revokes, recognises. `clock` is the real time; `new_secret` gives 43 URL-safe random letters."""

    database: Database
    clock: Callable[[], datetime]
    new_secret: Callable[[], str]

    def issue(
        self,
        role: str,
        label: str,
        bound_to: str | None = None,
        office: str | None = None,
        expires_at: datetime | None = None,
        *,
        actor: Actor,
    ) -> tuple[int, str]:
        """Issue a machine's token; gives its id and the secret, which cannot be shown again.

        Raises:
            NotAllowed: use, identity and office do not fit together, or the label is in use.
            NoRight: the actor has no right to it.
        """
        given = _check(role, bound_to, office)
        bound_to = None if bound_to is None else number_of(bound_to)
        facts: TokenFacts = {"role": given.value, "bound_to": bound_to, "office": office}
        return self._issue(label, facts, expires_at, actor)

    def issue_to_person(
        self, code: str, label: str, expires_at: datetime | None = None, *, actor: Actor
    ) -> tuple[int, str]:
        """Issue a token of a registered person, by id; it has the person's roles as long as the person is registered.

        Raises:
            NotAllowed: nobody is registered under the id, or the label is in use.
            NoRight: the actor has no right to it.
        """
        with self.database.reading() as connection:
            if not people_store.current(connection, [code]):
                raise NotAllowed(f"nobody is registered as {code!r}: see `people list`")
        return self._issue(label, {"role": PERSON, "person": code}, expires_at, actor)

    def _issue(self, label: str, facts: TokenFacts, expires_at: datetime | None, actor: Actor) -> tuple[int, str]:
        needs(actor, Right.MANAGE_TOKENS)
        now, label = self.clock(), typed(label, "the label", most=120, least=1)
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
            raise NotAllowed("a token expires at a time to come, given with its zone")
        plain = PREFIX + self.new_secret()
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"token:{label}"])
            if store.active_label(connection, label, now):
                raise NotAllowed(f"a valid token has the label {label!r} already: revoke it first, or choose another")
            row_id = store.add(
                connection,
                self.database,
                hash=_hash(plain),
                label=label,
                created_at=now,
                expires_at=expires_at,
                **facts,
            )
            opens = {"role": facts["role"], "person": facts.get("person"), "office": facts.get("office")}
            detail = {"token": row_id, **opens}
            journal.append(connection, self.database, Entry.by("token.issue", actor, now, detail))
        return row_id, plain

    def revoke(self, which: int | str, *, actor: Actor) -> list[int]:
        """Revoke by id or label, from this moment; gives the ids.

        Raises:
            NotAllowed: no token has this id or label, or it is revoked already.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.MANAGE_TOKENS)
        now, label = self.clock(), str(which)
        # Eighteen digits: more would not fit the column, and no id has them.
        row_id = int(label) if label.isascii() and label.isdigit() and len(label) <= 18 else None
        with self.database.transaction() as connection:
            ids = store.revoke(connection, row_id=row_id, label=label, at=now)
            if not ids:
                raise NotAllowed(f"there is no token {label!r} that could be revoked")
            for found in ids:
                journal.append(connection, self.database, Entry.by("token.revoke", actor, now, {"token": found}))
        return list(ids)

    def authenticate(self, plain: str) -> Actor | None:
        """The holder of this token, or None where it is unknown, revoked or expired, or its person was removed.

        Raises:
            AccountShut: its number's account is suspended everywhere (Article 8).
        """
        found = self._callers.put(_hash(plain)) if _PLAIN.fullmatch(plain) else None
        if isinstance(found, Suspension):
            raise AccountShut(found)
        return found

    @cached_property
    def _callers(self) -> Batching[str, Actor | Suspension | None]:
        return Batching(self._by_hash, lambda digest: self._by_hash([digest])[0])

    @cached_property
    def _of_people(self) -> set[str]:
        """Hashes of tokens that were seen to be persons'; whose a token is never changes."""
        return set()

    def _by_hash(self, hashes: Sequence[str]) -> Sequence[Actor | Suspension | None]:
        with self.database.single(writes=False) as connection:
            if self._of_people.issuperset(hashes):
                rows = store.with_people(connection, hashes, self.clock())
                found: dict[str, Actor | Suspension | None] = {row.hash: _actor(row, person) for row, person in rows}
            else:
                found = self._looked_up(connection, hashes)
        return [found.get(digest) for digest in hashes]

    def _looked_up(self, connection: Connection, hashes: Sequence[str]) -> dict[str, Actor | Suspension | None]:
        """Tokens first: the portal, where persons of the staff show none, may not read the register of people."""
        rows = store.with_suspensions(connection, hashes, self.clock())
        of_people = {row.hash: row.person or "" for row, _ in rows if row.role == PERSON}
        people = people_store.current(connection, of_people.values())
        self._of_people.update(of_people)
        found: dict[str, Actor | Suspension | None] = {}
        for row, suspended in rows:
            # One for the time of a principal's own matters stops him nowhere else.
            stopped = suspensions.stopping([suspended] if suspended else [], {row.bound_to or ""}, None)
            if not isinstance(found.get(row.hash), Suspension):  # the oldest that stops him is the one he is told of
                found[row.hash] = stopped[0] if stopped else _actor(row, people.get(row.person or ""))
        return found

    def list(self) -> list[Issued]:
        """Every token that was issued, the revoked ones too."""
        with self.database.reading() as connection:
            rows = store.every(connection)
        return [
            Issued(
                id=row.id,
                role=row.role,
                label=row.label,
                person=row.person,
                bound_to=row.bound_to,
                office=row.office,
                created_at=row.created_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
            )
            for row in rows
        ]


def _actor(row: StoredToken, person: Person | None) -> Actor | None:
    if row.role == PERSON:
        return None if person is None else actor_of(person, token=row.id)
    if row.role not in list(Machine):
        return None  # of 0.1.0: an officer's, operator's or auditor's token; such tokens are now a person's
    return Actor(
        ActorKind.MACHINE,
        f"token:{row.id}",
        roles=frozenset({_ROLES[Machine(row.role)]}),
        office=row.office,
        number=row.bound_to,
        token=row.id,
    )


def _check(stated: str, bound_to: str | None, office: str | None) -> Machine:
    if stated not in list(Machine):
        raise NotAllowed(f"there is no machine {stated!r}; there are {', '.join(Machine)}")
    role = Machine(stated)
    if role is Machine.DECLARANT:
        if bound_to is None:
            raise NotAllowed("a declarant's token is bound to a personal number (12 digits) or tax code (10, or 13)")
        number_of(bound_to)  # an impossible number: each message of its holder would be refused
    elif bound_to is not None:
        raise NotAllowed(f"a token of role {role.value} is bound to no person or enterprise")
    if role is Machine.CUSTOMS:
        if office is None or not (office == EVERYWHERE or _OFFICE.fullmatch(office)):
            raise NotAllowed(
                f"a customs token has an office: its code, or that of a gate or border unit, or {EVERYWHERE}"
            )
    elif office is not None:
        raise NotAllowed(f"a token of role {role.value} has no office")
    return role


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
