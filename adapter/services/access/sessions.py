"""Sessions at the portal: who has logged in, until when. Kept in the database, so equal for every process.

What the browser holds is 256 random bits; here is only its hash. A new one is drawn at log-in, so that a value that
somebody put into the browser before is worth nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import journal, suspensions
from adapter.gateways.store import sessions as store
from adapter.gateways.store.access_records import StoredSession
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.ages import age
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent

UNDERWAY = timedelta(minutes=15)
"""So long one may take to log in at the provider."""
_NOTED_S = 60.0
"""How exactly it is known when a session was used last: not every page is a write."""


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """Who logs in, as the provider states it. `tax_code` is that of the organisation whose account it is, or None."""

    issuer: str
    subject: str
    name: str
    number: str
    tax_code: str | None
    provider_session: str | None

    @property
    def account(self) -> str:
        """His account's name for the journal: not his number."""
        return account_of(self.issuer, self.subject)


def account_of(issuer: str, subject: str) -> str:
    """The name of an account for store and journal: 32 hexadecimal digits."""
    return hashlib.sha256(f"{issuer}|{subject}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that lasts. `digest` names it in the store; `actor` is None while a log-in is under way."""

    digest: str
    csrf: str
    actor: Actor | None
    underway: Mapping[str, str]
    ends_at: datetime


class Suspended(NotAllowed):
    """The account is suspended everywhere (QĐ 03/2025/QĐ-TTg Article 8); says why, as the law wants it told."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this account is suspended: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Sessions:
    """Begins, finds and ends sessions. `clock` is the real time (aware); `new_secret` gives 43 random letters."""

    database: Database
    clock: Callable[[], datetime]
    new_secret: Callable[[], str]
    idle: timedelta
    whole: timedelta

    def begin(self, underway: Mapping[str, str]) -> str:
        """A log-in begins; gives what the browser is to hold."""
        secret, now = self.new_secret(), self.clock()
        with self.database.transaction() as connection:
            store.sweep(connection, seen_before=now - self.idle, now=now)
            self._add(connection, secret, None, underway, now, now + UNDERWAY)
        return secret

    def start(self, person: AccountHolder) -> str:
        """He has logged in; gives what his browser is to hold from now on.

        Raises:
            Suspended: his account, or his organisation's, is suspended everywhere.
        """
        secret, now = self.new_secret(), self.clock()
        numbers = [person.number, *([person.tax_code] if person.tax_code else [])]
        with self.database.transaction() as connection:
            # A suspension that comes now ends this session too, or is found here.
            self.database.lock(connection, [f"account:{number}" for number in numbers])
            standing = [each for each in suspensions.standing(connection, numbers) if each.unit is None]
            if standing:
                raise Suspended(standing[0].reason)
            self._add(connection, secret, person, {}, now, now + self.whole)
            entry = Entry(JournalEvent.SESSION_START, f"declarant:{person.account}", now, {})
            journal.append(connection, self.database, entry)
        return secret

    def _add(
        self,
        connection: Connection,
        secret: str,
        person: AccountHolder | None,
        underway: Mapping[str, str],
        now: datetime,
        ends_at: datetime,
    ) -> None:
        store.add(
            connection,
            hash=_hash(secret),
            csrf=self.new_secret(),
            account=person.account if person else None,
            provider_session=person.provider_session if person else None,
            number=person.number if person else None,
            tax_code=person.tax_code if person else None,
            name=person.name if person else None,
            underway=dict(underway),
            created_at=now,
            seen_at=now,
            ends_at=ends_at,
        )

    def find(self, secret: str) -> Session | None:
        """The session of this browser, or None where there is none or it is over; using it keeps it alive.

        Raises:
            Unavailable: the store is away.
        """
        now, digest = self.clock(), _hash(secret)
        with self.database.reading() as connection:
            row = store.find(connection, digest, seen_after=now - self.idle, now=now)
        # An end later than any that is given now: the clock was set back since.
        if row is None or row.ends_at > now + self.whole:
            return None
        if age(now, row.seen_at) >= _NOTED_S or row.seen_at > now:
            with self.database.transaction() as connection:
                store.seen(connection, digest, now)
        return Session(digest, row.csrf, _actor(row), row.underway, row.ends_at)

    def end(self, session: Session) -> None:
        """He logs out."""
        with self.database.transaction() as connection:
            store.end(connection, session.digest)
            if session.actor is not None:
                entry = Entry(JournalEvent.SESSION_END, session.actor.journal_name, self.clock(), {})
                journal.append(connection, self.database, entry)

    def end_by_provider(self, issuer: str, subject: str | None, provider_session: str | None) -> int:
        """The provider says that he has logged out there (Back-Channel Logout 1.0); gives how many ended."""
        account = None if subject is None else account_of(issuer, subject)
        with self.database.transaction() as connection:
            return store.end_of_account(connection, account, provider_session)


def _actor(row: StoredSession) -> Actor | None:
    if row.account is None:
        return None
    return Actor(
        kind=ActorKind.PERSON,
        id=row.account,
        name=row.name or "",
        roles=frozenset({Role.DECLARANT}),
        number=row.number,
        on_behalf_of=row.tax_code,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
