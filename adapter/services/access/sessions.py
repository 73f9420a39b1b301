"""Sessions of declarants at the portal. A person suspended everywhere gets none (QĐ 15/2019/QĐ-TTg Article 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adapter.gateways.store import authorisations, journal, suspensions
from adapter.gateways.store import sessions as store
from adapter.gateways.store.access_records import StoredSession
from adapter.gateways.store.database import Connection
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.suspensions import Suspension
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.services.access.browser_sessions import BrowserSessions, Session, account_of


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """The person who logs in, as the provider states. `tax_code`: of the organisation whose account it is, or None."""

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


class Suspended(NotAllowed):
    """The account is suspended everywhere (QĐ 15/2019/QĐ-TTg Article 8); with the reason, which is to be stated."""

    def __init__(self, suspension: Suspension, person: AccountHolder) -> None:
        super().__init__(f"this account is suspended: {suspension.reason}")
        self.suspension, self.person = suspension, person


@dataclass(frozen=True)
class Sessions(BrowserSessions):
    """Sessions of the portal."""

    area: ClassVar[str] = "portal"

    def start(self, person: AccountHolder) -> str:
        """Begin the session of a person who has logged in; gives the secret for the browser.

        Raises:
            Suspended: his account, or his organisation's, is suspended everywhere.
        """
        now = self.clock()
        numbers = [person.number, *([person.tax_code] if person.tax_code else [])]
        with self.database.transaction() as connection:
            # With the lock, a suspension at this moment either is found here or ends this session.
            self.database.lock(connection, [f"account:{number}" for number in numbers])
            suspended = suspensions.stopping(suspensions.current(connection, numbers), numbers, None)
            if suspended:
                raise Suspended(suspended[0], person)
            secret = self.keep(
                connection,
                now + self.whole,
                account=person.account,
                provider_session=person.provider_session,
                number=person.number,
                tax_code=person.tax_code,
                name=person.name,
            )
            entry = Entry(JournalEvent.SESSION_START, f"declarant:{person.account}", now, {})
            journal.append(connection, self.database, entry)
        return secret

    def who(self, connection: Connection, row: StoredSession) -> Actor | None:
        """The declarant, as the provider stated him when he logged in; None: he is suspended everywhere by now.

        The register is asked with each request: the inner network, where accounts are suspended, cannot touch sessions
        of the portal.
        Who was authorised acts for the principal whom he has chosen as long as that lasts, and then for himself.
        """
        if row.account is None:
            return None
        granted = authorisations.grants(connection, [row.number] if row.number else [], self.clock())
        principals = {grant.principal for grant in granted}
        own = {number for number in (row.number, row.tax_code) if number is not None}
        suspended = suspensions.current(connection, own | principals)
        if suspensions.stopping(suspended, own, None):
            return None
        principals = {each for each in principals if not suspensions.stopping(suspended, {*own, each}, None)}
        by_grant = row.acts_for in principals
        return Actor(
            kind=ActorKind.PERSON,
            id=row.account,
            name=row.name or "",
            roles=frozenset({Role.DECLARANT}),
            number=row.number,
            on_behalf_of=row.acts_for if by_grant else row.tax_code,
            by_grant=by_grant,
            principals=tuple(sorted(principals)),
        )

    def act_for(self, session: Session, principal: str | None) -> None:
        """Act for this principal from now on; None: for oneself, or for the organisation whose account it is.

        Raises:
            NotAllowed: that one has not authorised him, or does no more.
        """
        if principal is not None and (session.actor is None or principal not in session.actor.principals):
            raise NotAllowed("you are not authorised by this number")
        with self.database.transaction() as connection:
            store.act_for(connection, session.digest, principal)
