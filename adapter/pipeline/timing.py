"""When a signature was made: what its signer claims, and what a time stamp proves (XAdES-BES, XAdES-T).

A plain XML-DSig signature claims nothing, and its time is that of reception; the header's sendDate is no signing time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lxml import etree

from adapter.model.finding import Finding
from adapter.pipeline.algorithms import EXCLUSIVE, ds
from adapter.pipeline.coverage import detached
from adapter.pipeline.shape import Shape
from adapter.pipeline.timestamp import Authorities, Unproven, stamped_at
from adapter.pipeline.trust.verdict import Moments


@dataclass(frozen=True, slots=True)
class Timing:
    """How far a claimed time may lie from reception, and whose time stamps prove that a signature is older."""

    past: timedelta = timedelta(hours=72)
    future: timedelta = timedelta(minutes=10)
    authorities: Authorities = field(default_factory=Authorities)

    def moments(self, shape: Shape, received: datetime) -> tuple[Moments, list[Finding]]:
        """The moments a signature is judged at, and what is wrong with them. Every time stamp there is must hold."""
        if shape.properties is None:
            return Moments(received), []
        proven, findings = self._proven(shape, received)
        claimed, pointer = shape.properties.signing_time, shape.place.pointer
        near = proven or received
        if not findings and not near - self.past <= claimed <= near + self.future:
            words = {"value": claimed.isoformat(), "near": near.astimezone(received.tzinfo).isoformat()}
            findings.append(Finding("signing_time_outside", pointer, words=words))
        # A time that is refused says nothing about a certificate.
        return (Moments(received) if findings else Moments(received, claimed, proven)), findings

    def _proven(self, shape: Shape, received: datetime) -> tuple[datetime | None, list[Finding]]:
        """The earliest time at which the signature is proven to have existed."""
        findings: list[Finding] = []
        times: list[datetime] = []
        value = shape.signature.find(ds("SignatureValue"))
        assert shape.properties is not None
        assert isinstance(value, etree._Element)
        for stamp in shape.properties.stamps:
            over = detached(value, exclusive=stamp.c14n == EXCLUSIVE, prefixes=stamp.prefixes)
            try:
                times.append(stamped_at(stamp.token, over, self.authorities))
                if times[-1] > received + self.future:
                    raise Unproven("muộn hơn thời điểm tiếp nhận", "it is later than the reception")
            except Unproven as unproven:
                words = {"what": unproven.vi, "what_en": unproven.en}
                findings.append(Finding("timestamp_invalid", shape.place.pointer, words=words))
        return (min(times) if times and not findings else None), findings


PLAIN_TIMING = Timing()
"""The windows of the delivered configuration, and no time-stamping authority."""
