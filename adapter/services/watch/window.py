"""The mode of the window in the store: refreshed by the clock process, overridden by operators, read by all others.

Article 9(2); NĐ 85/2019/NĐ-CP Article 17. Doors and dispatcher go by the mode (`way`); the pipeline does not know it
exists. The mode follows from what is *seen* (broker, heartbeats, notices), announced and said (`mode`). An incident
lasts as long as the window is seen down, a notice or maintenance stands, or an operator says that it is down: if he
says that it is up, the portal closes, but the incident stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import departures, journal, windows
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_rows import WindowChange
from adapter.gateways.store.window_records import StoredIncident, StoredWindow
from adapter.model.actor import Actor
from adapter.model.ages import age, not_after
from adapter.model.errors import NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.outcomes import Route
from adapter.model.text import REASON, typed
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.services.access.rights import Right, needs
from adapter.services.recorded_times import happened_at
from adapter.services.watch.incident_names import called
from adapter.services.watch.mode import Advice, Mode, Sight, Sighting, WindowPatience, stored_mode
from adapter.services.watch.state import Incident, Lasting, WindowState
from adapter.services.watch.turn import Turn, said, seen_before
from adapter.services.watch.way import way

_NO_OVERRIDE: WindowChange = {
    "override": None,
    "override_reason": None,
    "override_by": None,
    "override_until": None,
    "override_reminded_at": None,
}
_NUMBER = 35


@dataclass(frozen=True)
class Window:
    """Reads and refreshes the mode. `clock` is the real time: modes are operation, not law."""

    database: Database
    clock: Callable[[], datetime]
    patience: WindowPatience
    observe: Observe
    notifications: Callable[[], NotificationKinds] = lambda: NO_NOTIFICATIONS
    """Notices and notifications for a change of the mode."""
    readable: Callable[[], datetime] | None = None
    """The legal time, where declarants log in and read their answers at the portal; None: nobody does."""
    writes: bool = True
    """False: the role of this process only reads, and leaves to others what is to be set right."""

    def state(self) -> WindowState:
        """The mode now; a row that nobody refreshed for too long means unknown."""
        with self.database.reading() as connection:
            now, row, opened = self._refreshed(connection)
            planned = windows.planned(connection, now)
        seen = self._seen(row, opened, now)
        advised = self._advice(row, opened, seen, now)
        return WindowState(
            mode=advised.mode,
            cause=advised.cause,
            reason=advised.reason,
            since=row.since,
            refreshed_at=row.refreshed_at,
            heartbeat_at=row.heartbeat_at,
            override_by=row.override_by,
            override_until=row.override_until,
            seen=seen.condition,
            incident=windows.incident_name(opened),
            expected_end=opened.expected_end if opened is not None else None,
            maintenance=(planned[0].starts_at, planned[0].ends_at) if planned else None,
            broker_away=row.broker_down_since is not None,
            incident_called=called(opened.cause, opened.started_at, opened.notice_number) if opened else None,
        )

    def waiting(self) -> dict[Route, int]:
        """How many replies and transfers have not left for the window."""
        with self.database.reading() as connection:
            found = departures.unsent(connection)
        return {route: found[route].many if route in found else 0 for route in (Route.WINDOW, Route.TRANSFER)}

    def mode_now(self, connection: Connection) -> Lasting:
        """The mode now, as in `state`, in the caller's transaction: every declaration follows it."""
        now, row, opened = self._refreshed(connection)
        advised = self._advice(row, opened, self._seen(row, opened, now), now)
        lasted = age(now, row.since) if row.since is not None else 0.0
        opens = advised.mode is Mode.SUSPECT and not self.patience.confirm_only
        opens_in = max(0.0, self.patience.suspect_s - lasted) if opens else self.patience.stale_s
        return Lasting(advised.mode, advised.reason, row.since, opens_in)

    def _refreshed(self, connection: Connection) -> tuple[datetime, StoredWindow, StoredIncident | None]:
        """The time now, the row and the open incident. A refresh dated in the future is set to now: the clock was set
        back since."""
        now, (row, opened) = self.clock(), windows.with_incident(connection)
        if row.refreshed_at is None or row.refreshed_at <= now or not self.writes:
            return now, row, opened
        with self.database.transaction() as writing:  # maybe no clock process runs any more
            windows.not_refreshed_after(writing, now)
        return now, *windows.with_incident(connection)

    def _seen(self, row: StoredWindow, opened: StoredIncident | None, now: datetime) -> Sighting:
        """What was seen last, if that is not too long ago."""
        if row.refreshed_at is None or age(now, row.refreshed_at) > self.patience.stale_s:
            silent = "the window was not checked for too long: is the daemon running?"
            return Sighting(Sight.UNKNOWN, "none", silent)
        seen = seen_before(row)
        if seen is not Sight.DOWN:
            return Sighting(seen, "none", (row.seen_reason or "") if row.seen == seen.value else "")
        if row.seen != seen and opened is not None:  # a clock of 0.1.0 has looked, which keeps it nowhere else
            return Sighting(seen, opened.cause, opened.reason)
        return Sighting(seen, row.seen_cause or "none", row.seen_reason or "")

    def _advice(self, row: StoredWindow, opened: StoredIncident | None, seen: Sighting, now: datetime) -> Advice:
        """The mode for readers: the stored one; UNKNOWN if nobody refreshes it and no override is in force."""
        mode, word = stored_mode(row.stage, row.mode), said(row, now)
        if word is not None:
            return Advice(mode, word.cause, word.reason)
        if seen.condition is Sight.UNKNOWN and seen.cause == "none":
            return Advice(Mode.UNKNOWN, seen.cause, seen.reason)
        if mode is Mode.MAINTENANCE and opened is not None:
            return Advice(mode, "maintenance", opened.reason)
        return Advice(mode, seen.cause, seen.reason)

    def shows(self, connection: Connection) -> bool:
        """Whether a declarant reads the answers to a dossier of the window at the portal now, before they left."""
        if self.readable is None:
            return False
        now, (row, opened) = self.clock(), windows.with_incident(connection)
        return way(self._advice(row, opened, self._seen(row, opened, now), now).mode, linked=True).shows

    def note(self) -> str:
        """What the operator should know though everything is ready; empty while the window is up and nobody says so."""
        return self.state().note(self.patience)

    def incidents(self, limit: int) -> list[Incident]:
        """The incidents, the newest first."""
        with self.database.reading() as connection:
            rows = windows.incidents(connection, limit)
        return [
            Incident(
                id=row.id,
                started_at=row.started_at,
                expected_end=row.expected_end,
                ended_at=row.ended_at,
                cause=row.cause,
                reason=row.reason,
                notice_number=row.notice_number,
                actor=row.actor,
            )
            for row in rows
        ]

    def refresh(self, *, broker_up: bool, started_at: datetime, broker_fault: str = "") -> Advice:
        """Store whether the broker answers, and compute the mode again; the caller has looked since `started_at`.

        `broker_fault`: why it does not, in words.

        The times of the row only measure how long something lasts: those of the future begin now.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            row = windows.read(connection)
            windows.write(
                connection,
                refreshed_at=now,
                since=not_after(now, row.since),
                broker_up_since=not_after(now, row.broker_up_since or now) if broker_up else None,
                broker_down_since=None if broker_up else not_after(now, row.broker_down_since or now),
                heartbeat_at=not_after(now, row.heartbeat_at),
            )
            passed, reminded = self._override_passes(connection, row, now)
            turn = self._turn(connection, now)
            seen = turn.look(started_at=started_at, broker_fault=broker_fault)
            advised = turn.tell(seen)
        if reminded and row.override_until is not None:
            self.observe(Event.OVERRIDE_ENDS, mode=row.override, until=write_time(row.override_until))
        if passed or advised.mode is not stored_mode(row.stage, row.mode) or seen.condition is not seen_before(row):
            self._tell(advised, seen=seen.condition.value)
        return advised

    def _override_passes(self, connection: Connection, row: StoredWindow, now: datetime) -> tuple[bool, bool]:
        """End an override whose time is over, or remind of its end; gives whether each was done."""
        if not row.override or row.override_until is None:
            return False, False
        if row.override_until <= now:
            windows.write(connection, **_NO_OVERRIDE)
            journal.append(connection, self.database, Entry("window.override_end", "clock", now, {}))
            return True, False
        near = (row.override_until - now).total_seconds() <= self.patience.remind_s
        if near and row.override_reminded_at is None:
            windows.write(connection, override_reminded_at=now)
            return False, True
        return False, False

    def override(
        self,
        word: Sight,
        *,
        reason: str,
        actor: Actor,
        until: datetime | None = None,
        expected_end: datetime | None = None,
    ) -> None:
        """Override the mode until it is ended or `until` comes; a reason is required.

        `until`: default as configured. `expected_end`: when the window should work again, as the manager has told by
        letter or telephone.

        Raises:
            NotAllowed: an end is expected of a window that is up, or a time has passed.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        until = until or now + timedelta(seconds=self.patience.override_s)
        if expected_end is not None and word is not Sight.DOWN:
            raise NotAllowed("an end is expected of a window that is down only")
        if expected_end is not None and expected_end <= now:
            raise NotAllowed("the expected end lies before now; give one to come, or none")
        if until <= now:
            raise NotAllowed("the override would end before now; give a time to come")
        with self.database.transaction() as connection:
            windows.write(
                connection,
                override=word.value,
                override_reason=reason,
                override_by=actor.journal_name,
                override_until=until,
                override_reminded_at=None,
            )
            turn = self._turn(connection, now)
            turn.keep_incident(seen_before(windows.read(connection)))
            if expected_end is not None:
                windows.expect(connection, expected_end)
            detail = {"mode": word.value, "reason": reason, "until": write_time(until)}
            journal.append(connection, self.database, Entry.by("window.override", actor, now, detail))
            advised = turn.tell(_kept(connection), by=actor.journal_name)
        self._tell(advised)

    def end_override(self, *, actor: Actor) -> None:
        """End the override; an incident that nothing else keeps open ends with it.

        Raises:
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now = self.clock()
        with self.database.transaction() as connection:
            windows.write(connection, **_NO_OVERRIDE)
            journal.append(connection, self.database, Entry.by("window.override_end", actor, now, {}))
            advised = self._look_again(connection, now, actor)
        self._tell(advised)

    def confirm_suspicion(self, *, reason: str, actor: Actor, expected_end: datetime | None = None) -> None:
        """The suspicion is right: the portal takes the window's place until it is seen again.

        Raises:
            NotAllowed: nothing is suspected, or the end has passed.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        if expected_end is not None and expected_end <= now:
            raise NotAllowed("the expected end lies before now; give one to come, or none")
        with self.database.transaction() as connection:
            row = windows.read(connection)
            if stored_mode(row.stage, row.mode) is not Mode.SUSPECT:
                raise NotAllowed("nothing is suspected now; what you know otherwise, say by window override")
            if expected_end is not None:
                windows.expect(connection, expected_end)
            journal.append(connection, self.database, Entry.by("window.confirm", actor, now, {"reason": reason}))
            turn = self._turn(connection, now)
            advised = turn.tell(_kept(connection), confirmed=reason, by=actor.journal_name)
        self._tell(advised)

    def plan(self, notice: windows.Notice, *, actor: Actor) -> None:
        """The window's manager has announced by letter or telephone when he is to be away.

        Raises:
            NotAllowed: the times have passed, or do not follow one another.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, name = self.clock(), actor.journal_name
        typed(notice.reason, "the reason", most=REASON, least=1)
        typed(notice.number, "the number of the notice", most=_NUMBER, least=1)
        if notice.started_at <= now:
            raise NotAllowed("maintenance begins after now; what has begun is an incident: window override down")
        if notice.expected_end is not None and notice.expected_end <= notice.started_at:
            raise NotAllowed("maintenance ends after it begins")
        detail = {"notice": notice.number, "reason": notice.reason, "from": write_time(notice.started_at)}
        with self.database.transaction() as connection:
            windows.plan(connection, self.database, notice, actor=name, at=now)
            journal.append(connection, self.database, Entry.by("window.maintenance", actor, now, detail))

    def end_notice(self, *, reason: str, actor: Actor, at: datetime | None = None, number: str | None = None) -> None:
        """What its manager announced is over, as he has told by letter or telephone, and no 91/02 has come.

        `at`: when it was over, where that is not now. The working day of Article 17(5) runs from then. `number`: of
        maintenance to come that is called off.

        Raises:
            NotAllowed: no notice stands, and no maintenance; or that time is to come or lies before the incident.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            opened = windows.open_incident(connection)
            since = opened.started_at if opened is not None else now
            over = happened_at(at, now=now, since=since, what="the incident")
            stands = opened is not None and windows.announced(opened)
            if not windows.end_maintenance(connection, over, number=number) and not stands:
                raise NotAllowed("no notice of the window's manager is in force: see nsw-adapter window status")
            windows.end_notice(connection, over)
            about = opened.notice_number if opened is not None else number
            detail = {"notice": about, "reason": reason, "ended_at": over.astimezone(VIETNAM).isoformat()}
            journal.append(connection, self.database, Entry.by("window.notice_end", actor, now, detail))
            advised = self._look_again(connection, now, actor)
        self._tell(advised)

    def _look_again(self, connection: Connection, now: datetime, actor: Actor) -> Advice:
        """Compute the mode again from what was seen last; without a first refresh nothing is known."""
        turn, row = self._turn(connection, now), windows.read(connection)
        if row.refreshed_at is None:
            turn.keep_incident(seen_before(row))
            return turn.tell(_kept(connection), by=actor.journal_name)
        return turn.tell(turn.look(started_at=row.refreshed_at), by=actor.journal_name)

    def _turn(self, connection: Connection, now: datetime) -> Turn:
        return Turn(connection, self.database, now, self.patience, self.notifications(), self.readable)

    def _tell(self, advised: Advice, **more: str) -> None:
        mode = {"mode": advised.mode.condition.value, "stage": advised.mode.value}
        self.observe(Event.WINDOW, **mode, cause=advised.cause, reason=advised.reason, **more)


def _kept(connection: Connection) -> Sighting:
    """What was seen last, as the row holds it."""
    row = windows.read(connection)
    return Sighting(seen_before(row), row.seen_cause or "none", row.seen_reason or "")
