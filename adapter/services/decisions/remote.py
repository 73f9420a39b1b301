"""Reception and acts for a process without keys: it asks the part that decides, and trusts its answer.

The caller's session or token is sent along, so that the other side recognises the caller itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter

from adapter.gateways.decisions import DecisionsAnswer
from adapter.model.errors import Unavailable
from adapter.model.identifiers import DossierKey
from adapter.services.decisions import wire
from adapter.services.decisions.shown import SESSION, SHOWN, Shown
from adapter.services.door.reception import Admitted, Arriving, Caller, ForeseenAnswer
from adapter.services.door.signed_uploads import OpenedUpload
from adapter.services.dossiers.acts import ActDone
from adapter.services.dossiers.paper_values import PaperForm
from adapter.services.messages.replays import ReplayedMessage
from adapter.services.registers.own_certificates import CertificateTaken

T = TypeVar("T")
_DONE, _BUSY = 200, 503


CALLER = "X-Caller"
"""The header with the caller's document."""
FIRST = "X-Statement-Bytes"
"""The header with the length of the statement, where a file follows it."""
Ask = Callable[[str, bytes, Mapping[str, str]], DecisionsAnswer]
"""Asks the other side: path, body, headers. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class RemoteReception:
    """The reception, for the portal's process."""

    ask: Ask

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """As `Reception.number`."""
        asked = wire.NUMBER_ASKED.dump_json(wire.NumberAsked(name, unit_code, asks))
        return _told(self.ask("/numbers", asked, _headers(caller)), wire.NUMBER)

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """As `Reception.take`."""
        return _told(self.ask("/declarations", body, _headers(caller)), wire.ADMITTED)

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """As `Reception.foresee`."""
        return _told(self.ask("/dry-runs", body, _headers(caller)), wire.FORESEEN)


@dataclass(frozen=True, slots=True)
class RemoteActs:
    """Acts of officers, for the staff's process."""

    ask: Ask

    def do(self, secret: str, act: str, dossier: DossierKey, arguments: Mapping[str, object]) -> ActDone:
        """As `Acts.do`."""
        asked = wire.ACT_ASKED.dump_json(wire.ActAsked(act, dossier, arguments))
        return _told(self.ask("/acts", asked, _session(secret)), wire.ACT_DONE)


@dataclass(frozen=True, slots=True)
class RemoteReplays:
    """Replays of parked messages, for the staff's process."""

    ask: Ask

    def replay(self, secret: str, reason: str | None) -> Sequence[ReplayedMessage]:
        """As `Replays.replay`."""
        asked = wire.REPLAY_ASKED.dump_json(wire.ReplayAsked(reason))
        return _told(self.ask("/replays", asked, _session(secret)), wire.REPLAYED)


@dataclass(frozen=True, slots=True)
class RemoteCertificates:
    """What holders do with their certificates, for the portal's process."""

    ask: Ask

    def register(self, secret: str, signed: bytes) -> CertificateTaken:
        """As `CertificateHolders.register`."""
        return _told(self.ask("/certificates", signed, _session(secret)), wire.CERTIFICATE_TAKEN)

    def suspend(self, secret: str, row_id: int, reason: str) -> None:
        """As `CertificateHolders.suspend`."""
        asked = wire.SUSPENSION_ASKED.dump_json(wire.SuspensionAsked(row_id, reason))
        _told(self.ask("/certificates/suspend", asked, _session(secret)), wire.DONE)


@dataclass(frozen=True, slots=True)
class RemoteGrants:
    """Signed authorisations, for the portal's process."""

    ask: Ask

    def give(self, secret: str, signed: bytes) -> list[int]:
        """As `GrantSigners.give`."""
        return _told(self.ask("/authorisations", signed, _session(secret)), wire.GRANTED)


@dataclass(frozen=True, slots=True)
class RemoteUploads:
    """Statements for files that are sent without log-in, for the portal's process."""

    ask: Ask

    def open(self, signed: bytes, file: bytes) -> OpenedUpload:
        """As `UploadOpening.open`: the statement goes before the file."""
        return _told(self.ask("/uploads", signed + file, {FIRST: str(len(signed))}), wire.OPENED_UPLOAD)


def _session(secret: str) -> dict[str, str]:
    return {"Authorization": Shown(SESSION, secret).header}


@dataclass(frozen=True, slots=True)
class RemotePaperActs:
    """Acts on paper records, for the staff's process."""

    ask: Ask

    def enter(self, secret: str, form: PaperForm) -> int:
        """As `PaperActs.enter`."""
        return _told(self.ask("/papers", wire.PAPER_FORM.dump_json(form), _session(secret)), wire.PAPER_ENTRY)

    def check(self, secret: str, entry: int) -> DossierKey:
        """As `PaperActs.check`."""
        asked = wire.PAPER_CHECK_ASKED.dump_json(wire.PaperCheckAsked(entry))
        return _told(self.ask("/papers/check", asked, _session(secret)), wire.NUMBER)

    def send_back(self, secret: str, entry: int, reason: str) -> None:
        """As `PaperActs.send_back`."""
        asked = wire.PAPER_RETURN_ASKED.dump_json(wire.PaperReturnAsked(entry, reason))
        _told(self.ask("/papers/return", asked, _session(secret)), wire.DONE)


@dataclass(frozen=True, slots=True)
class RemoteReports:
    """Signed reports of incidents, for the staff's process."""

    ask: Ask

    def packed(self, secret: str, incident: str) -> bytes:
        """As `ReportsOnPages.packed`."""
        asked = wire.REPORT_ASKED.dump_json(wire.ReportAsked(incident))
        return _told(self.ask("/reports", asked, _session(secret)), wire.REPORT_MADE)


def _headers(caller: Caller) -> dict[str, str]:
    shown = SHOWN.get()
    if shown is None:
        raise Unavailable("the request has no session and no token, so nothing can be asked in its name")
    return {"Authorization": shown.header, CALLER: wire.CALLER.dump_json(caller).decode()}


def _told(answer: DecisionsAnswer, kind: TypeAdapter[T]) -> T:
    """Read the answer.

    Raises:
        NotAllowed, Unavailable, Misconfigured, DecisionsFailed: as the other side did.
    """
    try:
        if answer.status == _DONE:
            return kind.validate_json(answer.body)
        document = wire.ERROR.validate_json(answer.body)
    except ValueError:
        if answer.status == _BUSY:  # the server's own refusal: too many requests at once
            raise Unavailable("the part that decides has too much to do") from None
        raise wire.DecisionsFailed("the part that decides has said what cannot be read") from None
    raise wire.raised(document)
