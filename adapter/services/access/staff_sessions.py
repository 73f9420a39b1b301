"""Sessions of staff: who logs in is a person of the register, found by the login.

Roles are read with each request: a withdrawn role or a removed person has effect at once.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from adapter.gateways.store import journal, people
from adapter.gateways.store.access_records import StoredSession
from adapter.gateways.store.database import Connection
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.ages import not_after
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.services.access.browser_sessions import BrowserSessions, account_of
from adapter.services.access.people import actor_of, login_digest


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """The person who logs in, as the provider of staff states. `login`: the claim that the register has."""

    issuer: str
    subject: str
    login: str
    provider_session: str | None
    proven_at: datetime | None = None
    """When he last proved his identity at the provider; None: it does not state it."""

    @property
    def account(self) -> str:
        """The account's name for store and journal."""
        return account_of(self.issuer, self.subject)


class NotAdmitted(NotAllowed):
    """The provider knows this person; the register does not, or not any more. `why`: unregistered, ended."""

    def __init__(self, why: str) -> None:
        super().__init__(f"nobody of this login is in the register of people: {why}")
        self.why = why


@dataclass(frozen=True)
class StaffSessions(BrowserSessions):
    """Sessions of `web.staff`."""

    area: ClassVar[str] = "staff"

    def admit(self, stated: StaffAccount) -> str:
        """Begin a session after log-in; gives the secret for the browser. Refusals are journalled too.

        Raises:
            NotAdmitted: no current entry is in the register with this login.
        """
        now, login = self.clock(), unicodedata.normalize("NFC", stated.login).strip()
        with self.database.transaction() as connection:
            person, was_there = people.of_login(connection, login)
            if person is not None:
                session, ends_at = stated.provider_session, now + self.whole
                proven_at = not_after(now, stated.proven_at)
                secret = self.keep(
                    connection,
                    ends_at,
                    account=stated.account,
                    provider_session=session,
                    person=person.id,
                    proven_at=proven_at,
                )
                entry = Entry.by(JournalEvent.SESSION_START, actor_of(person), now, {"area": self.area})
                journal.append(connection, self.database, entry)
                return secret
            why = "ended" if was_there else "unregistered"
            detail = {"why": why, "login": login_digest(login)}
            turned_away = Entry(JournalEvent.SESSION_REFUSED, f"account:{stated.account}", now, detail)
            journal.append(connection, self.database, turned_away)
        raise NotAdmitted(why)

    def who(self, connection: Connection, row: StoredSession) -> Actor | None:
        """The person as the register has him now; None where he was removed, or is linked with no login any more.

        A session of emergency access (`access/emergency`) has no account at the provider.
        """
        if row.person is None:
            return None
        person = people.current(connection, [row.person]).get(row.person)
        if person is None or (row.account is not None and person.login is None):
            return None
        return actor_of(person, proven_at=row.proven_at)
