"""One observation of the window, or one statement about it, in its transaction: what is seen, incident, mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import deadlines, departures, drafts, journal, windows
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.window_records import StoredMaintenance, StoredWindow
from adapter.gateways.store.windows import IncidentCause
from adapter.model.ages import age
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.services.watch import mode_notices
from adapter.services.watch.mode import (
    Advice,
    Mode,
    ModeBasis,
    Sight,
    Sighting,
    Signs,
    WindowPatience,
    advice,
    sighting,
    stored_mode,
)
from adapter.services.watch.mode_notices import ModeChange
from adapter.services.watch.way import way

_CLOCK = "clock"


@dataclass(frozen=True)
class Turn:
    """`now` is the time of everything in this transaction (aware)."""

    connection: Connection
    database: Database
    now: datetime
    patience: WindowPatience
    notifications: NotificationKinds = NO_NOTIFICATIONS
    """The notice that is published, and sent to declarants, when the mode changes."""
    readable: Callable[[], datetime] | None = None
    """The legal time, where declarants log in and read their answers at the portal; None: nobody does."""

    def look(self, *, started_at: datetime, broker_fault: str = "") -> Sighting:
        """Compute and store what is observed, with its incident. An override does not change the observation."""
        connection = self.connection
        row, opened = windows.with_incident(connection)
        signs = Signs(
            now=self.now,
            started_at=started_at,
            broker_up_since=row.broker_up_since,
            broker_down_since=row.broker_down_since,
            heartbeat_at=row.heartbeat_at,
            notice=opened.reason if opened is not None and windows.announced(opened) else None,
            broker_fault=broker_fault,
        )
        seen = sighting(signs, self.patience, seen_before(row))
        windows.write(connection, seen=seen.condition.value, seen_cause=seen.cause, seen_reason=seen.reason)
        # If nothing else keeps the incident open, it ended when the manager says so.
        over = opened.notice_ended_at if opened is not None and row.seen_cause == "notice" else None
        self.keep_incident(seen.condition, over=over)
        return seen

    def keep_incident(self, seen: Sight, *, over: datetime | None = None) -> None:
        """Begin or end the incident by what is seen, announced and stated. `over`: when it ended, if that is known."""
        connection = self.connection
        row, opened = windows.with_incident(connection)
        down, said, away = seen is Sight.DOWN, row.override == Sight.DOWN, self.maintenance()
        if opened is not None and not (down or said or away is not None or windows.announced(opened)):
            windows.end_incident(connection, max(opened.started_at, min(over or self.now, self.now)))
        elif opened is None and (down or said or away is not None):
            windows.begin_incident(connection, self.database, _cause(row, away, down=down), at=self.now)

    def maintenance(self) -> StoredMaintenance | None:
        """The manager's announcement for now; None where there is none."""
        planned = windows.planned(self.connection, self.now)
        return next((each for each in planned if each.starts_at <= self.now), None)

    def tell(self, seen: Sighting, *, confirmed: str | None = None, by: str = _CLOCK) -> Advice:
        """Compute and store the next mode; a change is journalled with time, cause and actor (`by`)."""
        row, away = windows.read(self.connection), self.maintenance()
        before = stored_mode(row.stage, row.mode)
        basis = ModeBasis(
            now=self.now,
            before=before,
            since=row.since,
            seen=seen,
            said=said(row, self.now),
            maintenance=away.reason if away is not None else None,
            confirmed=confirmed,
            heard=row.heard_at is not None,
            opened=row.opened_at is not None,
            pending=before is Mode.RECONCILING and self._pending(row),
        )
        advised = advice(basis, self.patience)
        mode, stage = advised.mode.condition.value, advised.mode.value
        if advised.mode is not before:
            self._change(row, advised, by)
            if self.readable is not None and _shows(advised.mode) and not _shows(before):
                # Article 9(2): from now on the portal is the way, and what waits there for the declarant is sent.
                at = self.readable()
                deadlines.sent(self.connection, departures.make_readable(self.connection, at), at)
        elif (row.mode, row.stage) != (mode, stage):  # the first look, or a clock of 0.1.0 has looked
            windows.write(self.connection, mode=mode, stage=stage, since=row.since or self.now)
        return advised

    def _pending(self, row: StoredWindow) -> bool:
        """Whether something that waited has not left, or what was begun at the portal may still be sent there."""
        since = row.since or self.now
        if departures.any_before(self.connection, since):
            return True
        if age(self.now, since) >= self.patience.begun_s:
            return False
        opened = (row.opened_at or since) - timedelta(seconds=self.patience.suspect_s)
        return drafts.any_begun(self.connection, opened, since)

    def _change(self, row: StoredWindow, advised: Advice, by: str) -> None:
        opened = row.opened_at
        if advised.mode in (Mode.DIRECT, Mode.MAINTENANCE):
            opened = opened or self.now
        elif advised.mode in (Mode.NORMAL, Mode.NEVER_HEARD):
            opened = None
        mode, stage = advised.mode.condition.value, advised.mode.value
        windows.write(self.connection, mode=mode, stage=stage, since=self.now, opened_at=opened)
        entry = Entry("window.mode", by, self.now, {"mode": mode, "stage": stage, "cause": advised.cause})
        journal.append(self.connection, self.database, entry)
        change = ModeChange(advised.mode, advised.cause, self.now, windows.open_incident(self.connection))
        mode_notices.publish(self.connection, self.database, self.notifications, change)


def _shows(mode: Mode) -> bool:
    return way(mode, linked=True).shows


def said(row: StoredWindow, now: datetime) -> Sighting | None:
    """The operator's override, as long as it is in force."""
    if not row.override or (row.override_until is not None and row.override_until <= now):
        return None
    return Sighting(Sight(row.override), "override", row.override_reason or "")


def seen_before(row: StoredWindow) -> Sight:
    """The last observation. Without an override that is the mode, where a clock of 0.1.0 wrote the row."""
    kept = row.stage is not None and Mode(row.stage).condition.value == row.mode
    if row.override or kept:
        return Sight(row.seen or Sight.UNKNOWN)
    return Sight(row.mode)


def _cause(row: StoredWindow, away: StoredMaintenance | None, *, down: bool) -> IncidentCause:
    """The cause of the incident: first what is observed, then what is announced, then what an operator states."""
    if down:
        return IncidentCause(row.seen_cause or "none", row.seen_reason or "", _CLOCK)
    if away is not None:
        return IncidentCause(
            "maintenance",
            away.reason,
            away.actor,
            notice_number=away.number,
            expected_end=away.ends_at,
            notice_ended_at=away.ends_at,
        )
    return IncidentCause("override", row.override_reason or "", row.override_by or "")
