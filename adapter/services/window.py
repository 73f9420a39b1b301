"""The window's mode: is it up, down, or do we not know (Article 9(2); NĐ 85/2019 Article 17)?

The mode advises the doors and the dispatcher; the pipeline does not know it exists. It is worked out from the broker
connection, the age of the last heartbeat, formal notices and the operator's override, by `advice`, a pure function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapter.gateways import journal, mailbox, windows
from adapter.gateways.database import Database, Stored
from adapter.gateways.journal import Entry
from adapter.model.ages import age, not_after
from adapter.model.events import Event, Observe
from adapter.model.text import REASON, typed


class Mode(StrEnum):
    """What the doors go by."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nobody has looked for too long: a reader that knows that it does not know."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each sign is waited for, in seconds."""

    broker_down_s: float
    heartbeat_max_age_s: float | None
    stale_s: float
    back_s: float


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of the window at one moment; times are aware."""

    now: datetime
    started_at: datetime
    broker_up_since: datetime | None
    broker_down_since: datetime | None
    heartbeat_at: datetime | None
    notice: bool
    """A formal notice (91/01) stands without its end (91/02)."""
    override: Mode | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The mode, and why, in words an operator can act on. `cause`: broker, heartbeat, notice, override or none."""

    mode: Mode
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """The mode as a reader finds it, with what it rests on."""

    mode: Mode
    cause: str
    reason: str
    since: datetime | None
    refreshed_at: datetime | None
    heartbeat_at: datetime | None
    override_by: str | None
    incident: str | None
    waiting_replies: int
    waiting_transfers: int


def advice(signs: Signs, patience: Patience, before: Mode) -> Advice:
    """Work the mode out. The operator's word goes first, then the manager's notice, then what we see ourselves."""
    if signs.override is not None:
        return Advice(signs.override, "override", "the operator's override")
    if signs.notice:
        return Advice(Mode.DOWN, "notice", "the window's manager has announced an incident")
    if signs.broker_down_since is not None:
        down = age(signs.now, signs.broker_down_since)
        if down >= patience.broker_down_s:
            return Advice(Mode.DOWN, "broker", f"the broker cannot be reached for {down:.0f} s")
        return Advice(before if before is not Mode.UNKNOWN else Mode.UP, "none", "the broker has only just gone")
    if patience.heartbeat_max_age_s is not None:
        silent = age(signs.now, signs.heartbeat_at or signs.started_at)
        if silent > patience.heartbeat_max_age_s:
            return Advice(Mode.DOWN, "heartbeat", f"no heartbeat for {silent:.0f} s")
    if before is Mode.DOWN and signs.broker_up_since is not None:
        # Hysteresis: a link that comes and goes must not make the doors flap.
        back = age(signs.now, signs.broker_up_since)
        if back < patience.back_s:
            return Advice(Mode.DOWN, "broker", f"the broker is back for {back:.0f} s of {patience.back_s:.0f} s")
    return Advice(Mode.UP, "none", "broker and window answer")


@dataclass(frozen=True)
class Window:
    """Reads and refreshes the mode. `clock` is the real time: modes are operation, not law."""

    database: Database
    clock: Callable[[], datetime]
    patience: Patience
    observe: Observe

    def state(self) -> State:
        """The mode now; a row that nobody refreshed for too long means unknown."""
        now = self.clock()
        with self.database.reading() as connection:
            row = windows.read(connection)
            opened = windows.open_incident(connection)
            waiting = mailbox.unsent(connection)
        if row.refreshed_at is not None and row.refreshed_at > now:
            # Whoever looked has a clock that was set back since: from now on it ages, though nobody may look any more.
            with self.database.transaction() as connection:
                windows.not_refreshed_after(connection, now)
        standing = self._standing(row, opened, now)
        return State(
            mode=standing.mode,
            cause=standing.cause,
            reason=standing.reason,
            since=row.since,
            refreshed_at=row.refreshed_at,
            heartbeat_at=row.heartbeat_at,
            override_by=row.override_by,
            incident=windows.incident_name(opened),
            waiting_replies=waiting.get("window", 0),
            waiting_transfers=waiting.get("transfer", 0),
        )

    def _standing(self, row: Stored[Any], opened: Stored[Any] | None, now: datetime) -> Advice:
        """What a reader goes by: the override, else what was last seen, with the reason that its incident keeps."""
        if row.override:
            return Advice(Mode(row.override), "override", row.override_reason)
        if row.refreshed_at is None or age(now, row.refreshed_at) > self.patience.stale_s:
            silent = "nobody has looked at the window for too long: is the daemon running?"
            return Advice(Mode.UNKNOWN, "none", silent)
        if opened is not None:
            return Advice(Mode(row.mode), opened.cause, opened.reason)
        return Advice(Mode(row.mode), "none", "")

    def refresh(self, *, broker_up: bool, started_at: datetime) -> Advice:
        """Note whether the broker answers, and work the mode out again; the caller has looked since `started_at`.

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
            result = self._work_out(connection, now, started_at=started_at)
        if result.mode.value != row.mode:
            self.observe(Event.WINDOW, mode=result.mode.value, cause=result.cause, reason=result.reason)
        return result

    def _work_out(self, connection: Any, now: datetime, *, started_at: datetime) -> Advice:
        """The mode by what the row holds, kept with its incident."""
        row, opened = windows.read(connection), windows.open_incident(connection)
        signs = Signs(
            now=now,
            started_at=started_at,
            broker_up_since=row.broker_up_since,
            broker_down_since=row.broker_down_since,
            heartbeat_at=row.heartbeat_at,
            notice=opened is not None and opened.cause == "notice",
            override=Mode(row.override) if row.override else None,
        )
        result = advice(signs, self.patience, Mode(row.mode))
        changed = result.mode.value != row.mode
        if changed:
            windows.write(connection, mode=result.mode.value, since=now)
        # The incident that an operator declared ends with his word, though the window may be down by now.
        if changed or (result.mode is Mode.DOWN and opened is None):
            self._switch(connection, opened, result, now)
        return result

    def _switch(self, connection: Any, opened: Stored[Any] | None, result: Advice, now: datetime) -> None:
        """Every switch leaves its record: from when, why, and who."""
        if result.mode is Mode.DOWN and opened is None:
            windows.begin_incident(
                connection, self.database, at=now, cause=result.cause, reason=result.reason, actor="clock"
            )
        elif result.mode is Mode.UP and opened is not None and opened.cause != "notice":
            windows.end_incident(connection, now)
        entry = Entry("window.mode", "clock", now, {"mode": result.mode.value, "cause": result.cause})
        journal.append(connection, self.database, entry)

    def override(self, mode: Mode, *, reason: str, actor: str) -> None:
        """The operator's word, which stands until he ends it; it always has a reason."""
        now, reason = self.clock(), typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            windows.write(
                connection,
                override=mode.value,
                override_reason=reason,
                override_by=actor,
                mode=mode.value,
                since=now,
            )
            if mode is Mode.DOWN:
                windows.begin_incident(connection, self.database, at=now, cause="override", reason=reason, actor=actor)
            elif mode is Mode.UP:
                windows.end_incident(connection, now)
            journal.append(
                connection, self.database, Entry("window.override", actor, now, {"mode": mode.value, "reason": reason})
            )
        self.observe(Event.WINDOW, mode=mode.value, cause="override")

    def end_override(self, *, actor: str) -> None:
        """Back to what is seen; an incident that only the operator declared ends with his word."""
        now = self.clock()
        with self.database.transaction() as connection:
            opened = windows.open_incident(connection)
            if opened is not None and opened.cause == "override":
                windows.end_incident(connection, now)
            # What he said is not what was seen: without him nobody knows, until what the clock saw is weighed.
            windows.write(connection, override=None, override_reason=None, override_by=None, mode=Mode.UNKNOWN.value)
            journal.append(connection, self.database, Entry("window.override_end", actor, now, {}))
            seen_at = windows.read(connection).refreshed_at
            if seen_at is not None:
                self._work_out(connection, now, started_at=seen_at)
        self.observe(Event.WINDOW, cause="override ended")
