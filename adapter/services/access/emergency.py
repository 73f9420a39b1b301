"""Emergency access without the identity provider of staff: two registered persons of one unit, each with a secret.

Each set the secret beforehand, while logged in. The access grants no further right: the person has the
roles of the register, acts under the own name, and for eight hours at most. Each use raises an alert.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import emergency_secrets as store
from adapter.gateways.store import journal, people
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.people import Person
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.journal_events import JournalEvent
from adapter.services.access.people import actor_of
from adapter.services.access.rights import Right, needs
from adapter.services.access.staff_sessions import StaffSessions

SHORTEST, LONGEST = 12, 200
"""Characters of a secret."""
TRIES = 5
"""Failed tries before a waiting time."""
WAIT = timedelta(minutes=15)
LASTS = timedelta(hours=8)
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
"""Of scrypt (RFC 7914): 32 MB and about a tenth of a second for each try."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A claim: an id of the register, and the secret of that person."""

    person: str
    secret: str


class NotOpened(NotAllowed):
    """Access refused. `why`: wrong (a secret, or one has none), locked, or unit (they are not of one)."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the emergency way stays shut: {why}")
        self.why = why


@dataclass(frozen=True)
class EmergencyAccess:
    """The use cases. `clock` is the real time (aware)."""

    database: Database
    clock: Callable[[], datetime]
    sessions: StaffSessions
    observe: Observe

    def set_secret(self, actor: Actor, secret: str) -> None:
        """Set one's own secret, replacing the one before.

        Raises:
            NotAllowed: it is too short or too long.
            NoRight: he is none of the staff.
        """
        needs(actor, Right.USE_CONSOLE)
        stated, now = _spelled(secret), self.clock()
        if not SHORTEST <= len(stated) <= LONGEST:
            raise NotAllowed(f"a secret has {SHORTEST} to {LONGEST} characters")
        hashed = _hashed(stated, os.urandom(16))
        with self.database.transaction() as connection:
            store.keep(connection, actor.id, hashed, now)
            journal.append(connection, self.database, Entry.by(JournalEvent.EMERGENCY_SECRET, actor, now, {}))

    def set_since(self, actor: Actor) -> datetime | None:
        """Since when the person has a secret; None: no secret."""
        with self.database.reading() as connection:
            found = store.of(connection, actor.id)
        return found.set_at if found else None

    def open(self, own: Credentials, other: Credentials) -> str:
        """Check both persons; begins a session of the first and gives the secret for the browser.

        Raises:
            NotOpened: one of them is not, has to wait, or they are not two persons of one unit.
        """
        now = self.clock()
        why = self._judged(own, other, now)
        if why is not None:
            self.observe(Event.EMERGENCY, outcome=why)
            raise NotOpened(why)
        with self.database.transaction() as connection:
            found = people.current(connection, [own.person, other.person])
            ends_at = now + min(LASTS, self.sessions.whole)
            secret = self.sessions.keep(connection, ends_at, person=own.person, proven_at=now)
            actor, unit = actor_of(found[own.person]), found[own.person].unit
            detail = {"with": f"person:{other.person}", "unit": unit}
            journal.append(connection, self.database, Entry.by(JournalEvent.SESSION_EMERGENCY, actor, now, detail))
        self.observe(Event.EMERGENCY, outcome="opened", person=own.person, other=other.person, unit=unit)
        return secret

    def _judged(self, own: Credentials, other: Credentials, now: datetime) -> str | None:
        """Why access is refused; None: it is granted. Both secrets are checked, also if the first is wrong."""
        with self.database.transaction() as connection:
            self.database.lock(connection, sorted({f"emergency:{each.person}" for each in (own, other)}))
            found = people.current(connection, [own.person, other.person])
            tried = [self._tried(connection, each, found.get(each.person), now) for each in (own, other)]
            refusal = next((why for why in tried if why is not None), None)
            if refusal is None and not _are_two_of_one_unit(found.get(own.person), found.get(other.person)):
                refusal = "unit"
            if refusal is not None:
                detail = {"why": refusal, "persons": [code for code in (own.person, other.person) if code in found]}
                refused = Entry(JournalEvent.SESSION_REFUSED, "emergency", now, detail)
                journal.append(connection, self.database, refused)
        return refusal

    def _tried(self, connection: Connection, given: Credentials, person: Person | None, now: datetime) -> str | None:
        kept = store.of(connection, given.person) if person is not None else None
        if kept is not None and kept.locked_until is not None and kept.locked_until > now:
            return "locked"
        if _is_right(given.secret, kept.hash if kept is not None else _NOBODYS):
            if kept is None:
                return "wrong"
            store.tried(connection, given.person, failures=0, locked_until=None)
            return None
        if kept is not None:
            failures = kept.failures + 1
            until = now + WAIT if failures % TRIES == 0 else None
            store.tried(connection, given.person, failures=failures, locked_until=until)
        return "wrong"


def _are_two_of_one_unit(one: Person | None, other: Person | None) -> bool:
    if one is None or other is None or one.id == other.id:
        return False
    return one.unit is not None and one.unit == other.unit


def _spelled(secret: str) -> str:
    return unicodedata.normalize("NFC", secret).strip()


def _hashed(secret: str, salt: bytes) -> str:
    made = hashlib.scrypt(secret.encode(), salt=salt, n=_COST["n"], r=_COST["r"], p=_COST["p"], maxmem=_COST["maxmem"])
    return f"scrypt:{salt.hex()}:{made.hex()}"


def _is_right(secret: str, kept: str) -> bool:
    """Whether it is the secret; a person without a secret takes as long to check."""
    _, salt, _ = kept.split(":")
    return hmac.compare_digest(_hashed(_spelled(secret)[:LONGEST], bytes.fromhex(salt)), kept)


_NOBODYS = f"scrypt:{bytes(16).hex()}:{bytes(64).hex()}"
"""The hash for a person without a secret: no text has this hash."""
