"""How long a draft is kept: nobody's unfinished declaration, with numbers of papers in it, lies here for ever.

Its owner is told before, in his inbox and by e-mail; what he changes meanwhile is kept for as long again. A draft that
waits for the portal to open stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import drafts as store
from adapter.gateways.store import notifications
from adapter.gateways.store.database import Database
from adapter.model.notification import DRAFT_ENDS, NotificationKinds
from adapter.pipeline.envelope import hour_and_day
from adapter.services.notifications.telling import notification_rows

_AT_ONCE = 100


@dataclass(frozen=True)
class DraftRetention:
    """The timers' use case. `clock` gives the legal time."""

    database: Database
    told: Callable[[], NotificationKinds]
    clock: Callable[[], datetime]
    keep: timedelta | None
    """Since the last change; None: for ever."""
    notice: timedelta
    """So long before its end its owner is told, at least."""

    def sweep(self) -> int:
        """Tell of those that end soon, and remove those of which was told in time; gives how many were removed."""
        kind = self.told().of_occasion(DRAFT_ENDS)
        if self.keep is None or kind is None:
            return 0  # where nobody can be told, nothing is removed
        now = self.clock()
        with self.database.transaction() as connection:
            for row in store.untold(connection, now - self.keep + self.notice, _AT_ONCE):
                end = max(row.changed_at + self.keep, now + self.notice)
                words = {"until": hour_and_day(end)}
                cause = store.end_of(row.public_id, row.version)
                rows = notification_rows(kind, [row.owner], cause=cause, words=words, at=now)
                notifications.add(connection, self.database, rows)
            return store.remove_told(connection, now - self.keep, now - self.notice, _AT_ONCE)
