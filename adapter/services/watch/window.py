"""The window's mode: is it up, down, or do we not know (Article 9(2); NĐ 85/2019 Article 17)?

The mode advises the doors and the dispatcher; the pipeline does not know it exists. What is *seen* is worked out from
the broker connection, the age of the last heartbeat and formal notices, by `advice`, a pure function. An operator's
override decides which way is open. An incident lasts as long as the window is seen down, a notice stands or an operator
says that it is down. If he says that it is up, the second door closes, but the incident stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from adapter.gateways.store import departures, journal, windows
from adapter.gateways.store.database import Connection, Database, Stored
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.ages import age, not_after
from adapter.model.errors import NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.text import REASON, typed
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.services.access.rights import Right, needs
from adapter.services.recorded_times import happened_at
from adapter.services.watch.mode import Advice, Mode, Signs, WindowPatience, advice


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident on record (NĐ 85/2019 Article 17). `actor`: the clock, a partner or an operator."""

    started_at: datetime
    expected_end: datetime | None
    ended_at: datetime | None
    cause: str
    reason: str
    notice_number: str | None
    actor: str


@dataclass(frozen=True, slots=True)
class WindowState:
    """The mode as a reader finds it, with what it rests on."""

    mode: Mode
    cause: str
    reason: str
    since: datetime | None
    refreshed_at: datetime | None
    heartbeat_at: datetime | None
    override_by: str | None
    seen: Mode
    """What the mode would be without the override."""
    incident: str | None
    expected_end: datetime | None
    """When the incident that stands should be over, as the manager or the operator has said last."""
    waiting_replies: int
    waiting_transfers: int


@dataclass(frozen=True)
class Window:
    """Reads and refreshes the mode. `clock` is the real time: modes are operation, not law."""

    database: Database
    clock: Callable[[], datetime]
    patience: WindowPatience
    observe: Observe

    def state(self) -> WindowState:
        """The mode now; a row that nobody refreshed for too long means unknown."""
        with self.database.reading() as connection:
            row, opened, seen = self._read(connection)
            waiting = departures.unsent(connection)
        told = _told(row, seen)
        return WindowState(
            mode=told.mode,
            cause=told.cause,
            reason=told.reason,
            since=row.since,
            refreshed_at=row.refreshed_at,
            heartbeat_at=row.heartbeat_at,
            override_by=row.override_by,
            seen=seen.mode,
            incident=windows.incident_name(opened),
            expected_end=opened.expected_end if opened is not None else None,
            waiting_replies=waiting.get("window", 0),
            waiting_transfers=waiting.get("transfer", 0),
        )

    def standing(self, connection: Connection) -> Advice:
        """The mode now, as `state` tells it, in the caller's transaction: what each declaration goes by."""
        row, _, seen = self._read(connection)
        return _told(row, seen)

    def _read(self, connection: Connection) -> tuple[Stored[Any], Stored[Any] | None, Advice]:
        """The row, the incident that is open, and what was seen last."""
        now = self.clock()
        row, opened = windows.read(connection), windows.open_incident(connection)
        if row.refreshed_at is not None and row.refreshed_at > now:
            # Whoever looked has a clock that was set back since: from now on it ages, though nobody may look any more.
            with self.database.transaction() as writing:
                windows.not_refreshed_after(writing, now)
        return row, opened, self._seen(row, opened, now)

    def _seen(self, row: Stored[Any], opened: Stored[Any] | None, now: datetime) -> Advice:
        """What was seen last, as long as that is not too long ago."""
        if row.refreshed_at is None or age(now, row.refreshed_at) > self.patience.stale_s:
            silent = "nobody has looked at the window for too long: is the daemon running?"
            return Advice(Mode.UNKNOWN, "none", silent)
        seen = _seen_before(row)
        if seen is not Mode.DOWN:
            return Advice(seen, "none", (row.seen_reason or "") if row.seen == seen.value else "")
        if row.seen != seen and opened is not None:  # a clock of 0.1.0 has looked, which keeps it nowhere else
            return Advice(seen, opened.cause, opened.reason)
        return Advice(seen, row.seen_cause or "none", row.seen_reason or "")

    def note(self) -> str:
        """What the operator should know though everything is ready; empty while the window is up and nobody says so."""
        state = self.state()
        told = []
        if state.mode is Mode.DOWN:
            end = f", its end is expected at {write_time(state.expected_end)}" if state.expected_end else ""
            since = f" since {write_time(state.since)}" if state.since else ""
            told.append(f"the window is down{since}{end}")
        if state.override_by:
            told.append(f"an override stands: {state.mode.value}, while the window is seen {state.seen.value}")
        return "; ".join(told) + ": nsw-adapter window status" if told else ""

    def incidents(self, limit: int) -> list[Incident]:
        """The incidents, the newest first."""
        with self.database.reading() as connection:
            rows = windows.incidents(connection, limit)
        return [Incident(**{each.name: getattr(row, each.name) for each in fields(Incident)}) for row in rows]

    def refresh(self, *, broker_up: bool, started_at: datetime, broker_fault: str = "") -> Advice:
        """Note whether the broker answers, and work the mode out again; the caller has looked since `started_at`.

        `broker_fault`: why it does not, in words.

        The times of the row only measure how long something lasts: those of the future begin now.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            row = windows.read(connection)
            windows.write(
                connection,
                refreshed_at=now,
                broker_up_since=not_after(now, row.broker_up_since or now) if broker_up else None,
                broker_down_since=None if broker_up else not_after(now, row.broker_down_since or now),
                heartbeat_at=not_after(now, row.heartbeat_at),
            )
            seen = self._look(connection, now, started_at=started_at, broker_fault=broker_fault)
            told = self._tell(connection, seen, now)
        if told.mode.value != row.mode or seen.mode is not _seen_before(row):
            what = {"mode": told.mode.value, "cause": told.cause, "reason": told.reason, "seen": seen.mode.value}
            self.observe(Event.WINDOW, **what)
        return told

    def _look(self, connection: Any, now: datetime, *, started_at: datetime, broker_fault: str = "") -> Advice:
        """What is seen by what the row holds, kept with its incident; the override has no part in what is seen."""
        row, opened = windows.read(connection), windows.open_incident(connection)
        signs = Signs(
            now=now,
            started_at=started_at,
            broker_up_since=row.broker_up_since,
            broker_down_since=row.broker_down_since,
            heartbeat_at=row.heartbeat_at,
            notice=opened.reason if opened is not None and windows.announced(opened) else None,
            broker_fault=broker_fault,
        )
        seen = advice(signs, self.patience, _seen_before(row))
        windows.write(connection, seen=seen.mode.value, seen_cause=seen.cause, seen_reason=seen.reason)
        # Where nothing else has held it since, it was over when the manager says so.
        over = opened.notice_ended_at if opened is not None and row.seen_cause == "notice" else None
        self._keep_incident(connection, seen.mode, now, over=over)
        return seen

    def _keep_incident(self, connection: Any, seen: Mode, now: datetime, *, over: datetime | None = None) -> None:
        """Begin or end the incident by what is seen and said now. `over`: when it ended, if that is known better."""
        row, opened = windows.read(connection), windows.open_incident(connection)
        down, said = seen is Mode.DOWN, row.override == Mode.DOWN
        if opened is not None and not (down or said or windows.announced(opened)):
            windows.end_incident(connection, max(opened.started_at, min(over or now, now)))
        elif opened is None and (down or said):
            # What is seen goes before what is said: it lasts without him.
            cause, reason = (row.seen_cause, row.seen_reason) if down else ("override", row.override_reason)
            actor = "clock" if down else row.override_by
            windows.begin_incident(connection, self.database, at=now, cause=cause, reason=reason, actor=actor)

    def _tell(self, connection: Any, seen: Advice, now: datetime) -> Advice:
        """The mode by the override, else by what is seen; every switch leaves its record: when, and why."""
        row = windows.read(connection)
        told = Advice(Mode(row.override), "override", row.override_reason) if row.override else seen
        if told.mode.value != row.mode:
            windows.write(connection, mode=told.mode.value, since=now)
            entry = Entry("window.mode", "clock", now, {"mode": told.mode.value, "cause": told.cause})
            journal.append(connection, self.database, entry)
        return told

    def override(self, mode: Mode, *, reason: str, actor: Actor, expected_end: datetime | None = None) -> None:
        """The operator's word, which stands until he ends it; it always has a reason.

        `expected_end`: when the window should work again, as the manager has told by letter or telephone.

        Raises:
            NotAllowed: an end is expected of a window that is up, or has passed.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        if expected_end is not None and mode is not Mode.DOWN:
            raise NotAllowed("an end is expected of a window that is down only")
        if expected_end is not None and expected_end <= now:
            raise NotAllowed("the expected end lies before now; give one to come, or none")
        said = {
            "override": mode.value,
            "override_reason": reason,
            "override_by": actor.journal_name,
            "mode": mode.value,
        }
        with self.database.transaction() as connection:
            before = windows.read(connection)
            windows.write(connection, **said, since=before.since if before.mode == mode else now)
            self._keep_incident(connection, _seen_before(before), now)
            if expected_end is not None:
                windows.expect(connection, expected_end)
            entry = Entry.by("window.override", actor, now, {"mode": mode.value, "reason": reason})
            journal.append(connection, self.database, entry)
        self.observe(Event.WINDOW, mode=mode.value, cause="override")

    def end_override(self, *, actor: Actor) -> None:
        """Back to what is seen; an incident that nothing else holds ends with his word.

        Raises:
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now = self.clock()
        with self.database.transaction() as connection:
            before = windows.read(connection)
            seen = _seen_before(before)
            windows.write(connection, override=None, override_reason=None, override_by=None, mode=seen.value)
            journal.append(connection, self.database, Entry.by("window.override_end", actor, now, {}))
            self._look_again(connection, seen, now)
            same = windows.read(connection).mode == before.mode
            windows.write(connection, since=before.since if same else now)
        self.observe(Event.WINDOW, cause="override ended")

    def end_notice(self, *, reason: str, actor: Actor, at: datetime | None = None) -> None:
        """The announced incident is over: its manager has told so by letter or telephone, and no 91/02 has come.

        `at`: when it was over, where that is not now. The working day of Article 17(5) runs from then.

        Raises:
            NotAllowed: no notice stands, or that time is to come or lies before the incident.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            opened = windows.open_incident(connection)
            if opened is None or not windows.announced(opened):
                raise NotAllowed("no notice of the window's manager stands: see nsw-adapter window status")
            ended_at = happened_at(at, now=now, since=opened.started_at, what="the incident")
            windows.end_notice(connection, ended_at)
            ended = ended_at.astimezone(VIETNAM).isoformat()
            detail = {"notice": opened.notice_number, "reason": reason, "ended_at": ended}
            journal.append(connection, self.database, Entry.by("window.notice_end", actor, now, detail))
            self._look_again(connection, _seen_before(windows.read(connection)), now)
        self.observe(Event.WINDOW, cause="notice ended")

    def _look_again(self, connection: Any, seen: Mode, now: datetime) -> None:
        """Somebody said something else: weigh anew what the clock saw last; where it never looked, nothing is known."""
        looked_at = windows.read(connection).refreshed_at
        if looked_at is None:
            self._keep_incident(connection, seen, now)
        else:
            self._tell(connection, self._look(connection, now, started_at=looked_at), now)


def _seen_before(row: Stored[Any]) -> Mode:
    """What was seen last. Without an override that is the mode; a clock of 0.1.0 keeps nothing else."""
    if row.override:
        return Mode(row.seen or Mode.UNKNOWN)
    return Mode(row.mode)


def _told(row: Stored[Any], seen: Advice) -> Advice:
    """What readers go by: the operator's word, else what was seen."""
    return Advice(Mode(row.override), "override", row.override_reason) if row.override else seen
