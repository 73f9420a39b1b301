"""Sessions of browsers. They are kept in the database, so all processes share them.

The browser holds 256 random bits; the database only their hash. A new value is made at log-in, so that a value that
somebody put into the browser before is useless. A session is valid only in the area in which it began.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Unpack

from adapter.gateways.store import journal
from adapter.gateways.store import sessions as store
from adapter.gateways.store.access_records import StoredSession
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_access_rows import SessionHolder
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.journal_events import JournalEvent

UNDERWAY = timedelta(minutes=15)
"""Seconds between the begin of a log-in and the return from the provider."""
_NOTED_S = 60.0
"""Accuracy of the time of last use: not every page writes to the store."""


@dataclass(frozen=True, slots=True)
class Session:
    """A valid session. `digest` names it in the store; `actor` is None during a log-in."""

    digest: str
    csrf: str
    actor: Actor | None
    underway: Mapping[str, str]
    ends_at: datetime


def account_of(issuer: str, subject: str) -> str:
    """The name of an account for store and journal: 32 hexadecimal digits."""
    return hashlib.sha256(f"{issuer}|{subject}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class BrowserSessions(ABC):
    """Begins, finds and ends sessions of one area. `clock` is the real time (aware), `new_secret` gives 43 letters.

    `idle`: an unused session ends after this time; `whole`: every session ends after this time.
    """

    database: Database
    clock: Callable[[], datetime]
    new_secret: Callable[[], str]
    idle: timedelta
    whole: timedelta
    area: ClassVar[str]

    @abstractmethod
    def who(self, connection: Connection, row: StoredSession) -> Actor | None:
        """Whose session it is, with what he may do now; None while a log-in is under way, or if he may nothing more."""

    def begin(self, underway: Mapping[str, str]) -> str:
        """Begin a log-in; gives the secret for the browser."""
        now = self.clock()
        with self.database.transaction() as connection:
            store.sweep(connection, area=self.area, seen_before=now - self.idle, now=now)
            return self.keep(connection, now + UNDERWAY, underway=dict(underway))

    def find(self, secret: str) -> Session | None:
        """The valid session of this browser, or None; using it extends it.

        Raises:
            Unavailable: the store is away.
        """
        now, digest = self.clock(), _hash(secret)
        with self.database.reading() as connection:
            row = store.find(connection, digest, area=self.area, seen_after=now - self.idle, now=now)
            # An end later than any that is given now: the clock was set back since.
            if row is None or row.ends_at > now + self.whole:
                return None
            actor = self.who(connection, row)
        if actor is None and is_logged_in(row):
            with self.database.transaction() as connection:  # it does not come back when he may again
                store.end(connection, digest)
            return None
        if age(now, row.seen_at) >= _NOTED_S or row.seen_at > now:
            with self.database.transaction() as connection:
                store.seen(connection, digest, now)
        return Session(digest, row.csrf, actor, row.underway, row.ends_at)

    def end(self, session: Session) -> None:
        """Log out."""
        with self.database.transaction() as connection:
            store.end(connection, session.digest)
            if session.actor is not None:
                entry = Entry(JournalEvent.SESSION_END, session.actor.journal_name, self.clock(), {})
                journal.append(connection, self.database, entry)

    def end_by_provider(self, issuer: str, subject: str | None, provider_session: str | None) -> int:
        """The provider reports a log-out (Back-Channel Logout 1.0); gives how many sessions ended."""
        account = None if subject is None else account_of(issuer, subject)
        with self.database.transaction() as connection:
            return store.end_of_account(connection, self.area, account, provider_session)

    def keep(self, connection: Connection, ends_at: datetime, **holder: Unpack[SessionHolder]) -> str:
        """Add a row, in the caller's transaction; gives the secret for the browser."""
        secret, now = self.new_secret(), self.clock()
        store.add(
            connection,
            hash=_hash(secret),
            csrf=self.new_secret(),
            area=self.area,
            account=holder.get("account"),
            provider_session=holder.get("provider_session"),
            number=holder.get("number"),
            tax_code=holder.get("tax_code"),
            name=holder.get("name"),
            person=holder.get("person"),
            underway=holder.get("underway", {}),
            created_at=now,
            proven_at=holder.get("proven_at"),
            seen_at=now,
            ends_at=ends_at,
        )
        return secret


def is_logged_in(row: StoredSession) -> bool:
    """Whether a row is a session of a person, not a log-in in progress."""
    return row.account is not None or row.person is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
