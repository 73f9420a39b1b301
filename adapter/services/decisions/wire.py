"""Documents between web processes and the part that decides: JSON and bytes, never a Python object.

Each value is read by its type (pydantic): what does not fit is refused with ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Base64Bytes, TypeAdapter

from adapter.model.errors import Misconfigured, NoRight, NotAllowed, Unavailable
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Admitted, Arriving, Caller, ForeseenAnswer, WindowSuspected, WindowUnknown
from adapter.services.door.signed_uploads import OpenedUpload
from adapter.services.dossiers.acts import ActDone, SessionOver
from adapter.services.dossiers.paper_values import PaperForm, PaperRefused, PaperWhy
from adapter.services.messages.replays import ReplayedMessage
from adapter.services.registers.own_certificates import CertificateTaken


class DecisionsFailed(Exception):
    """The part that decides had a defect of its own; see its log."""


@dataclass(frozen=True, slots=True)
class NumberAsked:
    """The request of `Reception.number`."""

    name: str
    unit_code: str
    asks: Arriving | None


@dataclass(frozen=True, slots=True)
class ActAsked:
    """The request of `Acts.do`."""

    act: str
    dossier: DossierKey
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReplayAsked:
    """The request of `Replays.replay`."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class PaperCheckAsked:
    """The request of `PaperActs.check`."""

    entry: int


@dataclass(frozen=True, slots=True)
class PaperReturnAsked:
    """The request of `PaperActs.send_back`."""

    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class SuspensionAsked:
    """The request of `CertificateHolders.suspend`."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """The request of `ReportsOnPages.packed`."""

    incident: str


@dataclass(frozen=True, slots=True)
class WireError:
    """The kind of an error and its text. Of a defect only the kind: its text may quote personal data."""

    kind: str
    en: str = ""
    vi: str = ""
    why: Why | None = None
    findings: tuple[StatedFinding, ...] = ()
    retry_s: float = 0.0
    paper: PaperWhy | None = None


CALLER, ADMITTED, FORESEEN = TypeAdapter(Caller), TypeAdapter(Admitted), TypeAdapter(ForeseenAnswer)
NUMBER_ASKED, NUMBER = TypeAdapter(NumberAsked), TypeAdapter(DossierKey)
ACT_ASKED, ACT_DONE = TypeAdapter(ActAsked), TypeAdapter(ActDone)
CERTIFICATE_TAKEN, SUSPENSION_ASKED = TypeAdapter(CertificateTaken), TypeAdapter(SuspensionAsked)
GRANTED, OPENED_UPLOAD = TypeAdapter(list[int]), TypeAdapter(OpenedUpload)
REPLAY_ASKED, REPLAYED = TypeAdapter(ReplayAsked), TypeAdapter(tuple[ReplayedMessage, ...])
PAPER_FORM, PAPER_ENTRY = TypeAdapter(PaperForm), TypeAdapter(int)
PAPER_CHECK_ASKED, PAPER_RETURN_ASKED = TypeAdapter(PaperCheckAsked), TypeAdapter(PaperReturnAsked)
DONE = TypeAdapter(None)
REPORT_ASKED, REPORT_MADE = TypeAdapter(ReportAsked), TypeAdapter(Base64Bytes)
ERROR = TypeAdapter(WireError)

_PLAIN: Mapping[str, type[NotAllowed | Unavailable | Misconfigured]] = {
    "no_right": NoRight,  # before its base class
    "not_allowed": NotAllowed,
    "unavailable": Unavailable,
    "misconfigured": Misconfigured,
}
_TURNED, _PAPER, _SUSPECTED, _UNKNOWN, _OVER, _DEFECT = (
    "turned_away",
    "paper_refused",
    "window_suspected",
    "window_unknown",
    "session_over",
    "defect",
)


def told(error: Exception) -> WireError:
    """An error of the use case as a document."""
    match error:
        case TurnedAway():
            return WireError(_TURNED, error.en, error.vi, error.why, error.findings)
        case PaperRefused():
            return WireError(_PAPER, str(error), paper=error.why)
        case WindowUnknown():
            kind = _SUSPECTED if isinstance(error, WindowSuspected) else _UNKNOWN
            return WireError(kind, error.reason, retry_s=error.retry_s)
        case SessionOver():
            return WireError(_OVER)
    kind = next((name for name, plain in _PLAIN.items() if isinstance(error, plain)), _DEFECT)
    return WireError(kind, "" if kind == _DEFECT else str(error))


def raised(given: WireError) -> Exception:
    """The error to raise; an unknown kind is a defect."""
    if given.kind == _TURNED and given.why is not None:
        return TurnedAway(given.why, given.en, given.vi, given.findings)
    if given.kind == _PAPER and given.paper is not None:
        return PaperRefused(given.paper, given.en)
    if given.kind in (_SUSPECTED, _UNKNOWN):
        kind = WindowSuspected if given.kind == _SUSPECTED else WindowUnknown
        return kind(given.retry_s, given.en)
    if given.kind == _OVER:
        return SessionOver()
    if given.kind in _PLAIN:
        return _PLAIN[given.kind](given.en)
    return DecisionsFailed("the part that decides has failed")
