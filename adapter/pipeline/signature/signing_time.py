"""When a signature was made: what its signer claims, and what a time stamp proves (XAdES-BES, XAdES-T).

A signature that claims nothing has the time of reception; the header's sendDate is no signing time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lxml import etree

from adapter.model.finding import Finding, Severity
from adapter.model.stages import Channel, VerifiedDocument
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.signature.algorithms import EXCLUSIVE, ds
from adapter.pipeline.signature.coverage import detached
from adapter.pipeline.signature.shape import Shape
from adapter.pipeline.signature.timestamp import Unproven, stamp_of
from adapter.pipeline.text import value_at
from adapter.pipeline.trust import Moments, Trust

_SEND_DATE = "/Envelope/Header/Subject/sendDate"
_WRITTEN = 23
"""Characters of a time with its thousandths; what is longer is none, and its XSD says so."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How far a claimed time may lie from reception, or from the time that a time stamp proves."""

    past: timedelta = timedelta(hours=72)
    future: timedelta = timedelta(minutes=10)
    underway: timedelta = timedelta(minutes=5)
    """How long a message may be on its way from the window to us before that is flagged."""

    def sent(self, verified: VerifiedDocument) -> VerifiedDocument:
        """The message with its sendDate as far as it counts: one outside the bounds of reception orders nothing.

        A gap between the window's sealed time and our reception is flagged; it counts for nobody's duty.
        """
        envelope, subject = verified.envelope, verified.header.subject
        sent, received = subject.send_date, envelope.submission.received_at
        if sent is None:
            return _told(verified, received)
        words = {"value": sent.isoformat(), "near": received.astimezone(VIETNAM).isoformat()}
        if not received - self.past <= sent <= received + self.future:
            header = replace(verified.header, subject=replace(subject, send_date=None))
            finding = Finding("send_date_outside", _SEND_DATE, Severity.WARN, words=words)
            return replace(verified, header=header, findings=(*verified.findings, finding))
        if envelope.submission.channel is Channel.WINDOW and received - sent > self.underway:
            finding = Finding("long_underway", _SEND_DATE, Severity.WARN, words=words)
            return replace(verified, findings=(*verified.findings, finding))
        return verified

    def moments(self, shape: Shape, received: datetime, trust: Trust) -> tuple[Moments, list[Finding]]:
        """The moments a signature is judged at, and what was found. Every time stamp there is must hold.

        While it cannot be told whether a stamp's authority is revoked, its time counts and the finding says so.
        """
        pointer, said = shape.place.pointer, shape.claimed
        if said is None:
            unsigned = [Finding("signing_time_unsigned", pointer, Severity.WARN)] if shape.stated else []
            return Moments(received), unsigned
        proven, findings = self._proven(shape, received, trust)
        claimed, near = said.at, proven or received
        if said.zone_assumed:
            words = {"value": claimed.isoformat()}
            findings.append(Finding("signing_time_zone_assumed", pointer, Severity.WARN, words=words))
        if not _refused(findings) and not near - self.past <= claimed <= near + self.future:
            words = {"value": claimed.isoformat(), "near": near.astimezone(VIETNAM).isoformat()}
            findings.append(Finding("signing_time_outside", pointer, words=words))
        # A time that is refused says nothing about a certificate.
        return (Moments(received) if _refused(findings) else Moments(received, claimed, proven)), findings

    def _proven(self, shape: Shape, received: datetime, trust: Trust) -> tuple[datetime | None, list[Finding]]:
        """The earliest time at which the signature is proven to have existed."""
        findings: list[Finding] = []
        times: list[datetime] = []
        value, pointer = shape.signature.find(ds("SignatureValue")), shape.place.pointer
        assert isinstance(value, etree._Element)
        for stamp in shape.properties.stamps if shape.properties else ():
            over = detached(value, exclusive=stamp.c14n == EXCLUSIVE, prefixes=stamp.prefixes)
            try:
                stamped = stamp_of(stamp.token, over, trust.timestamping)
                if stamped.at > received + self.future:
                    raise Unproven("muộn hơn thời điểm tiếp nhận", "it is later than the reception")
            except Unproven as unproven:
                words = {"what": unproven.vi, "what_en": unproven.en}
                findings.append(Finding("timestamp_invalid", pointer, words=words))
                continue
            times.append(stamped.at)
            against = trust.validate_timestamper(
                stamped.certificates, stamped=stamped.at, received=received, pointer=pointer
            )
            findings += [against] if against else []
        return (min(times) if times and not _refused(findings) else None), findings


def _refused(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.REJECT for finding in findings)


PLAIN_TIMING = Timing()
"""The windows of the delivered configuration."""


def _told(verified: VerifiedDocument, received: datetime) -> VerifiedDocument:
    """A sendDate of a day that does not exist (30 February) has the form of one: it orders nothing, and is told."""
    written = value_at(verified.element, _SEND_DATE.removeprefix("/Envelope/"))
    if not 0 < len(written) <= _WRITTEN:
        return verified  # its XSD demands one
    words = {"value": written, "near": received.astimezone(VIETNAM).isoformat()}
    finding = Finding("send_date_outside", _SEND_DATE, Severity.WARN, words=words)
    return replace(verified, findings=(*verified.findings, finding))
