"""The window's mode, worked out from what is seen of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.model.ages import age
from adapter.pipeline.envelope import VIETNAM


class Mode(StrEnum):
    """What the doors go by."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nobody has looked for too long: a reader that knows that it does not know."""


@dataclass(frozen=True, slots=True)
class WindowPatience:
    """How long each sign is waited for, in seconds."""

    broker_down_s: float
    heartbeat_max_age_s: float | None
    stale_s: float
    back_s: float


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen of the window at one moment; times are aware."""

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
class Advice:
    """The mode, and why, in words an operator can act on. `cause`: broker, heartbeat, notice, override or none."""

    mode: Mode
    cause: str
    reason: str


def advice(signs: Signs, patience: WindowPatience, before: Mode) -> Advice:
    """Work out what is seen: the manager's notice goes first, then what we see ourselves. `before`: what was seen."""
    if signs.notice is not None:
        return Advice(Mode.DOWN, "notice", signs.notice)
    if signs.broker_down_since is not None:
        down = age(signs.now, signs.broker_down_since)
        if down >= patience.broker_down_s:
            return Advice(Mode.DOWN, "broker", f"the broker cannot be reached for {down:.0f} s{_why(signs)}")
        ever = "" if before is not Mode.UNKNOWN else " yet"
        since = f"{signs.broker_down_since.astimezone(VIETNAM):%H:%M}"
        told = f"not heard{ever} since {since}, the broker cannot be reached{_why(signs)}"
        return Advice(before if before is not Mode.UNKNOWN else Mode.UP, "none", told)
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


def _why(signs: Signs) -> str:
    return f": {signs.broker_fault}" if signs.broker_fault else ""
