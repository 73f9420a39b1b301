"""What web processes and the part that decides say to each other: JSON and bytes, never an object of Python's own.

Each value is read by its type (pydantic): what does not fit is refused with ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from adapter.model.errors import Misconfigured, NoRight, NotAllowed, Unavailable
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Admitted, Arriving, Caller, ForeseenAnswer, WindowSuspected, WindowUnknown
from adapter.services.dossiers.acts import ActDone, SessionOver


class DecisionsFailed(Exception):
    """The part that decides met a defect of its own; its log tells it."""


@dataclass(frozen=True, slots=True)
class NumberAsked:
    """As `Reception.number` takes it."""

    name: str
    unit_code: str
    asks: Arriving | None


@dataclass(frozen=True, slots=True)
class ActAsked:
    """As `Acts.do` takes it."""

    act: str
    dossier: DossierKey
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class WireError:
    """Why something was not done, by the kind of its error. Of a defect no more: its text may quote a person's data."""

    kind: str
    en: str = ""
    vi: str = ""
    why: Why | None = None
    findings: tuple[StatedFinding, ...] = ()
    retry_s: float = 0.0


CALLER, ADMITTED, FORESEEN = TypeAdapter(Caller), TypeAdapter(Admitted), TypeAdapter(ForeseenAnswer)
NUMBER_ASKED, NUMBER = TypeAdapter(NumberAsked), TypeAdapter(DossierKey)
ACT_ASKED, ACT_DONE = TypeAdapter(ActAsked), TypeAdapter(ActDone)
ERROR = TypeAdapter(WireError)

_PLAIN: Mapping[str, type[NotAllowed | Unavailable | Misconfigured]] = {
    "no_right": NoRight,  # before what it is a kind of
    "not_allowed": NotAllowed,
    "unavailable": Unavailable,
    "misconfigured": Misconfigured,
}
_TURNED, _SUSPECTED, _UNKNOWN, _OVER, _DEFECT = (
    "turned_away",
    "window_suspected",
    "window_unknown",
    "session_over",
    "defect",
)


def told(error: Exception) -> WireError:
    """An error as it is given."""
    match error:
        case TurnedAway():
            return WireError(_TURNED, error.en, error.vi, error.why, error.findings)
        case WindowUnknown():
            kind = _SUSPECTED if isinstance(error, WindowSuspected) else _UNKNOWN
            return WireError(kind, error.reason, retry_s=error.retry_s)
        case SessionOver():
            return WireError(_OVER)
    kind = next((name for name, plain in _PLAIN.items() if isinstance(error, plain)), _DEFECT)
    return WireError(kind, "" if kind == _DEFECT else str(error))


def raised(given: WireError) -> Exception:
    """The same error, to be raised; a kind that nobody knows is a defect."""
    if given.kind == _TURNED and given.why is not None:
        return TurnedAway(given.why, given.en, given.vi, given.findings)
    if given.kind in (_SUSPECTED, _UNKNOWN):
        kind = WindowSuspected if given.kind == _SUSPECTED else WindowUnknown
        return kind(given.retry_s, given.en)
    if given.kind == _OVER:
        return SessionOver()
    if given.kind in _PLAIN:
        return _PLAIN[given.kind](given.en)
    return DecisionsFailed("the part that decides has failed")
