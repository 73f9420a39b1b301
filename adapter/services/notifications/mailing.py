"""E-mails of notifications: made for who has confirmed an address, tried until a mail server has answered for each.

A try is kept before it is made, so that whoever dies meanwhile is not followed by another who sends it at once. The
letter of a later try is the same, with the same Message-ID. A letter is made of its kind's words and what is allowed in
an e-mail (`IN_MAIL`), never of what a declaration says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.mail.smtp import (
    OpenOffice,
    OpenPostOffice,
    OutgoingLetter,
    Posted,
    PostReceipt,
    message_id_of,
)
from adapter.gateways.store import mails
from adapter.gateways.store import notifications as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.notification_records import StoredMail, StoredNotification
from adapter.model.ages import age
from adapter.model.events import Event, Observe
from adapter.model.notification import IN_MAIL, NotificationKinds, filled
from adapter.model.procedure import Label
from adapter.services.notifications.inbox import told_words
from adapter.services.watch.way import way
from adapter.services.watch.window import Window

AT_ONCE = 50
_PAUSES_S = (60.0, 300.0, 900.0, 3600.0, 7200.0)
"""Between one try and the next; the last one again and again."""


@dataclass(frozen=True)
class Mailing:
    """The rounds of e-mail. `clock` gives the legal time (aware); `new_id` gives 36 random letters."""

    database: Database
    kinds: NotificationKinds
    window: Window
    office: OpenOffice
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    observe: Observe
    portal: Label
    site: str
    domain: str
    """The part of a Message-ID after the @."""
    tries: int
    fresh_hours: float
    """Hours after which an unsent e-mail is not sent any more: the notification is in the inbox."""

    def round(self) -> int:
        """Make what is to be sent, and try what is due; gives how many e-mails were tried.

        Raises:
            Unavailable: the store or the mail server is away; nothing was begun.
        """
        with self.database.reading() as connection:
            shows = way(self.window.mode_now(connection).mode, linked=True).shows
            waits = bool(store.unspread(connection, shows=shows, limit=1, locks=False))
            due = mails.due(connection, self.clock(), AT_ONCE)
        if waits:
            due = self._spread(shows=shows)
        if not due:
            return 0
        with self.office() as office:
            return sum(self._try(office, row) for row in due)

    def _spread(self, *, shows: bool) -> list[StoredMail]:
        """An e-mail for each confirmed address of whom a notification is for."""
        now = self.clock()
        with self.database.transaction() as connection:
            rows = store.unspread(connection, shows=shows, limit=AT_ONCE)
            found = mails.addresses(connection, sorted({row.number for row in rows}))
            for row in rows:
                fresh = age(now, row.created_at) <= self.fresh_hours * 3600
                for address in sorted(found.get(row.number, ())) if fresh else ():
                    self._add(connection, row, address, now)
            store.mark_spread(connection, [row.id for row in rows], now)
            return mails.due(connection, now, AT_ONCE)

    def _add(self, connection: Connection, row: StoredNotification, address: str, now: datetime) -> None:
        words = {name: value for name, value in told_words(row).items() if name in IN_MAIL}
        message_id = message_id_of(self.new_id(), self.domain)
        columns = {"kind": row.kind, "address": address, "words": words, "message_id": message_id}
        mails.add(connection, self.database, {**columns, "notification_id": row.id}, now)

    def _try(self, office: OpenPostOffice, row: StoredMail) -> int:
        now = self.clock()
        pause = _PAUSES_S[min(row.tries, len(_PAUSES_S) - 1)]
        with self.database.transaction() as connection:
            if not mails.take(connection, row, now, now + timedelta(seconds=pause)):
                return 0
        letter = self.letter(row)
        if letter is None:
            receipt = PostReceipt(Posted.REFUSED, "not sent: its kind is not there any more")
        else:
            self.observe(Event.MAIL_TRIED, mail=row.id, tries=row.tries + 1)
            receipt = office.send(letter)
        last = row.tries + 1 >= self.tries
        state = mails.SENT if receipt.posted is Posted.TAKEN else mails.FAILED
        if receipt.posted in (Posted.LATER, Posted.UNSURE) and not last:
            state = mails.WAITING
        with self.database.transaction() as connection:
            mails.settle(connection, row.id, state=state, answer=receipt.answer, at=self.clock())
        self.observe(
            Event.MAIL, mail=row.id, kind=row.kind, state=state, posted=receipt.posted.value, tries=row.tries + 1
        )
        return 1

    def letter(self, row: StoredMail) -> OutgoingLetter | None:
        """The letter of a row: Vietnamese first, English below; None where its kind has no e-mail any more."""
        kind = self.kinds.kinds.get(row.kind)
        if kind is None or kind.mail is None:
            return None
        vi, en = ({**row.words, "site": self.site, "portal": name} for name in (self.portal.vi, self.portal.en))
        text = f"{filled(kind.mail, vi).vi}\n\n{filled(kind.mail, en).en}\n\n-- \n{self.portal.vi}\n{self.site}\n"
        return OutgoingLetter(row.address, filled(kind.title, vi).vi, text, row.message_id, row.created_at)
