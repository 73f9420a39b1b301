"""The window's mode and its incidents, for readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.procedure import Label
from adapter.model.stages import Channel
from adapter.pipeline.envelope import write_time
from adapter.services.watch.incident_names import source
from adapter.services.watch.mode import Mode, Sight, WindowPatience


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident on record (NĐ 85/2019 Article 17). `actor`: the clock, a partner or an operator."""

    id: int
    started_at: datetime
    expected_end: datetime | None
    ended_at: datetime | None
    cause: str
    reason: str
    notice_number: str | None
    actor: str

    @property
    def source(self) -> Label:
        """What told us of it."""
        return source(self.cause)


@dataclass(frozen=True, slots=True)
class Lasting:
    """The mode that applies to a declaration, and since when it has lasted."""

    mode: Mode
    reason: str
    since: datetime | None
    again_s: float
    """Where time must pass: after so many seconds it may be another."""

    def was_begun_here(self, begun_at: datetime | None, *, channel: str | None = None) -> bool:
        """Whether a draft was begun at the portal before this mode, or is about a dossier of its `channel`.

        Then the portal takes it also while the window takes over again.
        """
        if channel == Channel.PORTAL.value:
            return True
        return begun_at is not None and self.since is not None and begun_at <= self.since


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
    override_until: datetime | None
    seen: Sight
    """The observed state, whatever is stated."""
    incident: str | None
    expected_end: datetime | None
    """When the incident that stands should be over, as the manager or the operator has said last."""
    maintenance: tuple[datetime, datetime | None] | None
    """From when until when the next maintenance is announced, or the one that goes on."""
    broker_away: bool = False
    """Whether the clock has not reached the broker when it looked last."""
    incident_called: Label | None = None
    """What people call that incident."""

    @property
    def condition(self) -> Sight:
        """The mode in the three words that programs of 0.1.0 read."""
        return self.mode.condition

    def note(self, patience: WindowPatience) -> str:
        """What the operator should know though everything is ready; empty while the window is up and nobody says so."""
        notes = []
        since = f" since {write_time(self.since)}" if self.since else ""
        if self.mode is Mode.SUSPECT:
            itself = "" if patience.confirm_only else f", or by itself after {patience.suspect_s:.0f} s"
            notes.append(f"the window is suspected to be down{since}: the portal opens by window confirm{itself}")
        if self.condition is Sight.DOWN:
            end = f", its end is expected at {write_time(self.expected_end)}" if self.expected_end else ""
            notes.append(f"the window is down{since}{end}")
        if self.override_by:
            until = f" until {write_time(self.override_until)}" if self.override_until else ""
            word = f"an override is in force{until}: {self.condition.value}"
            notes.append(f"{word}, while the window is seen {self.seen.value}")
        return "; ".join(notes) + ": nsw-adapter window status" if notes else ""
