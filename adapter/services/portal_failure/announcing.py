"""The operators' button for a failure of the portal, and the journal of whoever announced one, by button or command.

The files come first: nothing that is told to declarants waits for the store. What the journal does not have yet is kept
beside them, and the clock takes it there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.mail.smtp import OpenOffice
from adapter.gateways.portal_failure import KeptContacts, KeptFailure, KeptListMade
from adapter.gateways.store import journal
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import Misconfigured, NotAllowed, Unavailable
from adapter.model.journal_events import JournalEvent
from adapter.services.access.rights import Right, needs
from adapter.services.portal_failure.failure import (
    CallResult,
    FailureKit,
    FailureReport,
    PortalFailure,
    folder_of,
)

_JOURNAL = "nhat-ky"


@dataclass(frozen=True)
class FailureJournal:
    """Takes acts from the folder of failures into the journal."""

    database: Database
    failure: PortalFailure

    def write(self) -> int:
        """Take what is not there yet; gives how many. Interrupted between store and folder, an act may stand twice.

        Raises:
            Unavailable: the store cannot be reached; the acts stay kept.
            Misconfigured: the folder cannot be written.
        """
        folder = self.failure.folder
        if not folder.acts():
            return 0
        with folder.alone(_JOURNAL):
            acts = folder.acts()
            with self.database.transaction() as connection:
                for act in acts:
                    entry = Entry(JournalEvent(act.event), act.actor, act.at, {"failure": act.number})
                    journal.append(connection, self.database, entry)
            folder.drop_acts(len(acts))
        return len(acts)


@dataclass(frozen=True, slots=True)
class FailureState:
    """What an operator sees. `failure`: the open one; `listed`: the list as it was written last; `contacts`: who is
    on it, where that is asked for.
    """

    failure: KeptFailure | None
    listed: KeptListMade | None
    age_minutes: int | None
    letters: dict[str, int]
    """E-mails of the open failure, by what became of them."""
    calls: tuple[tuple[str, ...], ...]
    """The log of calls, the last one first."""
    at: datetime
    contacts: KeptContacts | None = None


@dataclass(frozen=True)
class PortalFailureActs:
    """The use cases of the button. `post` sends the e-mails of the open failure; None: no mail server is stated."""

    failure: PortalFailure
    journal: FailureJournal
    post: Callable[[], dict[str, int]] | None

    def state(self, *, actor: Actor) -> FailureState:
        """How it stands; no value of a declarant is shown.

        Raises:
            NoRight: the actor announces no failure.
            Misconfigured: what was kept cannot be read.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        return self._state()

    def _state(self) -> FailureState:
        failure, now = self.failure, self.failure.clock()
        kept, listed = failure.folder.failures(), failure.folder.list_made()
        stands = kept[-1] if kept and kept[-1].over_at is None else None
        posted = [each.posted for each in failure.letters(stands)] if stands else []
        return FailureState(
            failure=stands,
            listed=listed,
            age_minutes=round(age(now, listed.made_at) / 60) if listed else None,
            letters={outcome: posted.count(outcome) for outcome in sorted(set(posted))},
            calls=tuple(reversed(failure.calls(stands))) if stands else (),
            at=now,
        )

    def begin(self, told: FailureReport, *, actor: Actor) -> FailureKit:
        """Announce it, as the command `portal fail` does; e-mails are sent by `mail`.

        Raises:
            NoRight: the actor announces no failure.
            NotAllowed, Misconfigured: as `PortalFailure.begin`.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        kit = self.failure.begin(told, actor.journal_name)
        self._journal()
        return kit

    def end(self, at: datetime | None, *, actor: Actor) -> KeptFailure:
        """The portal works again.

        Raises:
            NoRight: the actor announces no failure.
            NotAllowed, Misconfigured: as `PortalFailure.end`.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        ended = self.failure.end(at, actor.journal_name)
        self._journal()
        return ended

    def mail(self) -> None:
        """Send the e-mails of the open failure. A mail server that is away is tried when somebody asks again."""
        if self.post is not None:
            with suppress(Unavailable, NotAllowed, Misconfigured):
                self.post()

    def contacts(self, *, actor: Actor) -> FailureState:
        """Whom to call. While a failure is open with names and telephone numbers: its reason is the reason to see them,
        and the journal keeps that they were shown. Else without them: nobody is to be called.

        Raises:
            NoRight: the actor announces no failure.
            Unavailable: the store cannot be reached: the list lies in its folder.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        found, contacts = self._state(), self.failure.folder.contacts()
        if found.failure is None:
            return replace(found, contacts=contacts and contacts.nameless())
        many = len(contacts.contacts) if contacts else 0
        with self.journal.database.transaction() as connection:
            shown = Entry.by(JournalEvent.CALL_LIST_SHOWN, actor, found.at, {"dossiers": many})
            journal.append(connection, self.journal.database, shown)
        return replace(found, contacts=contacts)

    def call(self, dossier: str, result: CallResult, note: str, *, actor: Actor) -> None:
        """Note a call in the log of calls.

        Raises:
            NoRight: the actor announces no failure.
            NotAllowed, Misconfigured: as `PortalFailure.call`.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        self.failure.call(dossier, result, note, actor.id, actor.journal_name)
        self._journal()

    def letter(self, name: str, *, actor: Actor) -> bytes | None:
        """A letter of the open failure; None where there is none of that name.

        Raises:
            NoRight: the actor announces no failure.
        """
        needs(actor, Right.ANNOUNCE_FAILURE)
        kept = self.failure.folder.failures()
        return self.failure.folder.read(f"{folder_of(kept[-1])}/{name}") if kept else None

    def _journal(self) -> None:
        with suppress(Unavailable):  # the clock takes it there
            self.journal.write()


def posting(
    failure: PortalFailure, office: OpenOffice | None, domain: str, new_id: Callable[[], str]
) -> Callable[[], dict[str, int]] | None:
    """Sends the e-mails of the open failure; None where there is no mail server."""
    return None if office is None else lambda: failure.post(office, domain, new_id)
