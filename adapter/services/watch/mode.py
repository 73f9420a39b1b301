"""The mode of the window, computed from what is observed, announced and stated. Pure.

`sighting` says how the window is seen; `advice` makes the mode of that, of what its manager has announced and of what
the operator says (Article 9(2); NĐ 85/2019 Article 17). What each mode means for door and replies is in `way`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.model.ages import age
from adapter.pipeline.envelope import VIETNAM


class Sight(StrEnum):
    """The state of the window, as observed or stated."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """The one mode of the installation."""

    NEVER_HEARD = "never_heard"
    """Nothing has come from the window yet, and nothing has left to it."""
    NORMAL = "normal"
    SUSPECT = "suspect"
    """It seems down; this is not confirmed yet."""
    DIRECT = "direct"
    """It has an incident: the portal takes its place."""
    RECONCILING = "reconciling"
    """It works again: waiting replies leave, and drafts begun at the portal are finished there."""
    MAINTENANCE = "maintenance"
    """Its manager announced a time of maintenance."""
    UNKNOWN = "unknown"
    """The clock process has not looked for too long. Readers get this value; it is never stored."""

    @property
    def condition(self) -> Sight:
        """The mode in the three words that programs of 0.1.0 read."""
        return _CONDITIONS[self]


_CONDITIONS = {
    Mode.NEVER_HEARD: Sight.UP,
    Mode.NORMAL: Sight.UP,
    Mode.RECONCILING: Sight.UP,
    Mode.SUSPECT: Sight.UNKNOWN,
    Mode.UNKNOWN: Sight.UNKNOWN,
    Mode.DIRECT: Sight.DOWN,
    Mode.MAINTENANCE: Sight.DOWN,
}
_BY_CONDITION = {Sight.UP: Mode.NORMAL, Sight.DOWN: Mode.DIRECT, Sight.UNKNOWN: Mode.NEVER_HEARD}


def stored_mode(stage: str | None, condition: str) -> Mode:
    """The mode of a row; a clock of 0.1.0, which may still run beside us, writes the condition alone."""
    if stage is not None and Mode(stage).condition.value == condition:
        return Mode(stage)
    return _BY_CONDITION[Sight(condition)]


@dataclass(frozen=True, slots=True)
class WindowPatience:
    """How long each sign is waited for and each word stands, in seconds.

    `confirm_only`: no suspicion becomes an incident by itself. `begun_s`: how long after the window is back the portal
    takes what was begun there. `override_s`: how long a word stands whose end is not given; `remind_s`: how long before
    its end that is told.
    """

    broker_down_s: float
    heartbeat_max_age_s: float | None
    stale_s: float
    back_s: float
    suspect_s: float = 0.0
    confirm_only: bool = False
    begun_s: float = 3600.0
    override_s: float = 43200.0
    remind_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class Signs:
    """Observations of the window at one moment; times are aware."""

    now: datetime
    started_at: datetime
    broker_up_since: datetime | None
    broker_down_since: datetime | None
    heartbeat_at: datetime | None
    notice: str | None
    """What the window's manager announced (91/01); None where no notice stands without its end (91/02)."""
    broker_fault: str = ""
    """Why the broker could not be reached at the last look."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """How the window is seen, and why, in words an operator can act on. `cause`: broker, heartbeat, notice, none."""

    condition: Sight
    cause: str
    reason: str


def sighting(signs: Signs, patience: WindowPatience, before: Sight) -> Sighting:
    """Compute what is seen: first the manager's notice, then our own signs. `before`: what was seen last."""
    if signs.notice is not None:
        return Sighting(Sight.DOWN, "notice", signs.notice)
    if signs.broker_down_since is not None:
        down = age(signs.now, signs.broker_down_since)
        if down >= patience.broker_down_s:
            return Sighting(Sight.DOWN, "broker", f"the broker cannot be reached for {down:.0f} s{_why(signs)}")
        ever = "" if before is not Sight.UNKNOWN else " yet"
        since = f"{signs.broker_down_since.astimezone(VIETNAM):%H:%M}"
        reason = f"not heard{ever} since {since}, the broker cannot be reached{_why(signs)}"
        return Sighting(before if before is not Sight.UNKNOWN else Sight.UP, "none", reason)
    if patience.heartbeat_max_age_s is not None:
        silent = age(signs.now, signs.heartbeat_at or signs.started_at)
        if silent > patience.heartbeat_max_age_s:
            return Sighting(Sight.DOWN, "heartbeat", f"no heartbeat for {silent:.0f} s")
    if before is Sight.DOWN and signs.broker_up_since is not None:
        # Hysteresis: a connection that comes and goes must not open and close the portal.
        back = age(signs.now, signs.broker_up_since)
        if back < patience.back_s:
            return Sighting(Sight.DOWN, "broker", f"the broker is back for {back:.0f} s of {patience.back_s:.0f} s")
    return Sighting(Sight.UP, "none", "broker and window answer")


def _why(signs: Signs) -> str:
    return f": {signs.broker_fault}" if signs.broker_fault else ""


@dataclass(frozen=True, slots=True)
class ModeBasis:
    """All inputs of the mode at one moment. Times are aware."""

    now: datetime
    before: Mode
    since: datetime | None
    """Since when `before` has lasted."""
    seen: Sighting
    said: Sighting | None = None
    """The operator's override while it is in force; it has priority over everything else."""
    maintenance: str | None = None
    """What the window's manager does now, as he announced it with its times."""
    confirmed: str | None = None
    """The operator's reason for confirming a suspicion."""
    heard: bool = True
    """Something has come from the window, or has left to it, ever."""
    opened: bool = False
    """The portal was open since the mode was normal last."""
    pending: bool = False
    """Something that waited for the window has not left, or what was begun at the portal is not sent."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The mode, and why. `cause`: as of a sighting, or override, maintenance, confirmed."""

    mode: Mode
    cause: str
    reason: str


def advice(basis: ModeBasis, patience: WindowPatience) -> Advice:
    """The next mode. From DIRECT or MAINTENANCE it goes to NORMAL through RECONCILING only."""
    said, seen = basis.said, basis.seen
    if said is not None:
        return _so(basis, said) if said.condition is Sight.UP else Advice(Mode.DIRECT, said.cause, said.reason)
    if basis.maintenance is not None:
        return Advice(Mode.MAINTENANCE, "maintenance", basis.maintenance)
    if seen.condition is not Sight.DOWN:
        return _so(basis, seen)
    if basis.confirmed is not None:
        return Advice(Mode.DIRECT, "confirmed", basis.confirmed)
    announced, open_already = seen.cause == "notice", basis.before in (Mode.DIRECT, Mode.MAINTENANCE)
    if announced or open_already or _suspected_long_enough(basis, patience):
        return Advice(Mode.DIRECT, seen.cause, seen.reason)
    return Advice(Mode.SUSPECT, seen.cause, seen.reason)


def _suspected_long_enough(basis: ModeBasis, patience: WindowPatience) -> bool:
    if patience.confirm_only:
        return False
    suspected = basis.before is Mode.SUSPECT and basis.since is not None
    lasted = age(basis.now, basis.since) if suspected and basis.since else 0.0
    return lasted >= patience.suspect_s


def _so(basis: ModeBasis, up: Sighting) -> Advice:
    """The mode of a window that works."""
    before = basis.before
    suspected = before is Mode.SUSPECT and basis.opened
    goes_on = before is Mode.RECONCILING and basis.pending
    if before in (Mode.DIRECT, Mode.MAINTENANCE) or suspected or goes_on:
        return Advice(Mode.RECONCILING, up.cause, up.reason)
    heard = basis.heard or before is Mode.NORMAL
    return Advice(Mode.NORMAL if heard else Mode.NEVER_HEARD, up.cause, up.reason)
