"""A declarant's inbox: notifications to him or to the organisation that he acts for, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import notifications as store
from adapter.gateways.store.database import Database
from adapter.gateways.store.notification_records import StoredNotification
from adapter.model.actor import Actor
from adapter.model.notification import NotificationKinds, filled
from adapter.model.procedure import Label
from adapter.pipeline.envelope import hour_and_day
from adapter.services.access import rights
from adapter.services.access.rights import Right
from adapter.services.watch.way import way
from adapter.services.watch.window import Window

PAGE = 30
"""So many notifications are on one page."""
Place = tuple[datetime, int]
"""Where a page ends: the time and the id of its last notification."""


@dataclass(frozen=True, slots=True)
class InboxNotification:
    """One notification. `dossier`: number and year of the dossier that it is about."""

    id: int
    title: Label
    text: Label
    created_at: datetime
    is_read: bool
    dossier: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of the inbox. `last` is where the next one begins; None: there is none."""

    notifications: tuple[InboxNotification, ...]
    last: Place | None

    @property
    def unread(self) -> tuple[int, ...]:
        """The ids of those that are shown here and were not read."""
        return tuple(each.id for each in self.notifications if not each.is_read)


@dataclass(frozen=True)
class NotificationInbox:
    """Reads and marks. `clock` gives the legal time (aware)."""

    database: Database
    kinds: NotificationKinds
    window: Window
    clock: Callable[[], datetime]

    def page(self, actor: Actor, before: Place | None = None) -> InboxPage:
        """His notifications behind that place.

        Raises:
            NoRight: no declarant asks.
        """
        rights.needs(actor, Right.READ_OWN)
        if actor.speaks_for is None:
            return InboxPage((), None)
        with self.database.reading() as connection:
            shows = way(self.window.mode_now(connection).mode, linked=True).shows
            rows = store.of(connection, actor.speaks_for, shows=shows, before=before, limit=PAGE + 1)
        shown = tuple(self._shown(row) for row in rows[:PAGE])
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return InboxPage(shown, (last.created_at, last.id) if last else None)

    def read(self, actor: Actor, ids: Sequence[int]) -> int:
        """He says that he has read these; gives how many he had not before. Of another's nothing happens.

        Raises:
            NoRight: no declarant asks.
        """
        rights.needs(actor, Right.READ_OWN)
        if actor.speaks_for is None or not ids:
            return 0
        with self.database.transaction() as connection:
            return store.mark_read(connection, actor.speaks_for, ids, self.clock())

    def _shown(self, row: StoredNotification) -> InboxNotification:
        kind, words = self.kinds.kinds.get(row.kind), told_words(row)
        unnamed = Label(row.kind, row.kind)  # a kind that the installation has taken away since
        return InboxNotification(
            id=row.id,
            title=filled(kind.title, words) if kind else unnamed,
            text=filled(kind.text, words) if kind else unnamed,
            created_at=row.created_at,
            is_read=row.read_at is not None,
            dossier=(row.dossier_number, row.dossier_year) if row.dossier_number and row.dossier_year else None,
        )


def told_words(row: StoredNotification) -> dict[str, str]:
    """What a notification's words are filled with: its own, its dossier's number, the hour of a request."""
    words = dict(row.words)
    if row.dossier_number:
        words |= {"number": row.dossier_number, "year": str(row.dossier_year)}
    if row.answer_before is not None:
        words["until"] = hour_and_day(row.answer_before)
    return words
