"""Notifications that the law wants told in time and that have not arrived: told to the operator, once each, and listed.

One has arrived when its reader has marked it as read, or a mail server has answered for its e-mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import notifications as store
from adapter.gateways.store.database import Database
from adapter.gateways.store.notification_records import NoticeArrival
from adapter.model.events import Event, Observe

AT_ONCE = 100


@dataclass(frozen=True)
class OverdueNotifications:
    """`clock` gives the legal time (aware)."""

    database: Database
    clock: Callable[[], datetime]
    observe: Observe

    def watch(self) -> int:
        """Tell of what was due and has not arrived; gives how many that were."""
        now = self.clock()
        with self.database.reading() as connection:
            rows = store.overdue(connection, now, AT_ONCE)
        if not rows:
            return 0
        with self.database.transaction() as connection:
            store.mark_late(connection, [row_id for row_id, _ in rows], now)
        for row_id, kind in rows:
            self.observe(Event.NOTIFICATION_LATE, notification=row_id, kind=kind)
        return len(rows)


def what_stands_in_the_way(each: NoticeArrival) -> str:
    """Why one has not arrived, as far as that is known, and what to do."""
    if each.sent:
        return "the mail server accepted an e-mail; it was not read at the portal"
    if each.failed == each.mails > 0:
        return "no mail server has taken its e-mail: tell him by telephone or letter"
    if each.mails:
        return "its e-mail is still being tried"
    return "he has confirmed no e-mail address: tell him by telephone or letter"
