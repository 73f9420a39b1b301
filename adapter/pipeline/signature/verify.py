"""Verification: from an Envelope to the element that was signed ("see what is signed").

Steps, numbered as in docs/security.md: (4) structural gate, (5) key choice, (6) verification, (7) proof of coverage:
what must be covered is made canonical from our own tree, and the signature must be over exactly those bytes. Only an
element parsed from them goes on. Every fault of both signatures is listed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from adapter.model.errors import Fault, Misconfigured
from adapter.model.finding import Finding, Severity
from adapter.model.header import Header
from adapter.model.identifiers import Digest
from adapter.model.stages import Envelope, Signer, Stage, VerifiedDocument
from adapter.pipeline import trust as who
from adapter.pipeline import xml
from adapter.pipeline.envelope import read_header
from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.engine import holds
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.shape import Shape, shapes
from adapter.pipeline.signature.signed_by import does_not_hold, legacy, signed_by
from adapter.pipeline.signature.signing_time import PLAIN_TIMING, Timing
from adapter.pipeline.text import value_at
from adapter.pipeline.xml import reparsed

_pinned = lru_cache(maxsize=64)(who.signer)
"""Pinned certificates are few, and their names are decoded anew at each look."""


def verify(envelope: Envelope, *, trust: who.Trust, timing: Timing = PLAIN_TIMING) -> VerifiedDocument:
    """Judge both signatures; give the signed element.

    Raises:
        Fault: at stage verify, with every fault found.
        Misconfigured: no partner is configured for the channel.
    """
    found, findings = shapes(envelope.tree, legacy=trust.takes_sha1)  # (4)
    case = _Case(envelope, trust, timing, Coverage(envelope.tree), findings)
    demand = _demand(envelope, envelope.tree)
    try:
        system = case.system(found.get(Place.SYSTEM))
        declarant = case.declarant(found.get(Place.DECLARANT), demand)
        content = case.coverage.said()
    except etree.C14NError:
        raise Fault(Stage.VERIFY, (xml.uncanonical(envelope.tree),), envelope.header) from None
    if system is None or any(finding.severity is Severity.REJECT for finding in findings):
        raise Fault(Stage.VERIFY, tuple(findings), envelope.header)
    element = reparsed(content)
    header = _as_routed(envelope, element, demand)
    return VerifiedDocument(
        envelope=envelope,
        element=element,
        header=header,
        signers=(system, declarant) if declarant else (system,),
        content_digest=Digest(hashlib.sha256(content).hexdigest()),
        findings=tuple(findings),
    )


def unsigned(envelope: Envelope) -> VerifiedDocument:
    """A draft, for whoever wants to know what would be found in it: nobody has signed, so it has no signers.

    Only `judge.foreseen` asks for it, and gives findings and nothing of which a dossier could be made.

    Raises:
        Fault: at stage verify: it has no canonical form, so it could not be signed.
    """
    try:
        said = Coverage(envelope.tree).said()
    except etree.C14NError:
        raise Fault(Stage.VERIFY, (xml.uncanonical(envelope.tree),), envelope.header) from None
    element = reparsed(said)
    digest = Digest(hashlib.sha256(said).hexdigest())
    return VerifiedDocument(envelope, element, read_header(element), (), digest)


def _as_routed(envelope: Envelope, element: etree._Element, demand: _Demand) -> Header:
    """The signed header, which must be the one by which this message was routed, down to the signature it needs.

    Both are read in the same way from trees that were parsed in the same way, so they agree. Should they ever differ,
    then somebody has found two ways to read one message, and it must not be taken under either.

    Raises:
        Fault: at stage verify.
    """
    header = read_header(element)
    if header != envelope.header or _demand(envelope, element) != demand:
        raise Fault(Stage.VERIFY, (Finding("routed_otherwise", "/Envelope/Header"),), header)
    return header


class _Demand(NamedTuple):
    """What a message asks of its declarant's signature."""

    is_signed: bool
    stores: tuple[str, ...]
    """The names of the trust stores of which one must lead to the signer."""


def _demand(envelope: Envelope, tree: etree._Element) -> _Demand:
    """By what a tree says of the declarant: it only chooses what is demanded of the signature that covers it."""
    policy, root = envelope.procedure.signature, tree.find(f"Body/Content/{envelope.spec.root}")

    def stated(name: str) -> str | None:
        spec = envelope.procedure.field(name)
        return None if spec is None or root is None else value_at(root, spec.path) or None

    return _Demand(policy.demands(stated), policy.permitted(stated))


@dataclass(frozen=True, slots=True)
class _Case:
    """One envelope whose signatures are judged; `findings` fills."""

    envelope: Envelope
    trust: who.Trust
    timing: Timing
    coverage: Coverage
    findings: list[Finding]

    def system(self, shape: Shape | None) -> Signer | None:
        """The sending system's signature over the whole envelope, against its pinned certificates."""
        channel, at = self.envelope.submission.channel, self.envelope.submission.received_at
        partner = self.trust.partner_for(channel)
        if partner is None:
            raise Misconfigured(f"no partner is configured for channel {channel}")
        pointer = Place.SYSTEM.pointer
        if shape is None:
            if not any(finding.pointer == pointer for finding in self.findings):
                self.findings.append(Finding(name="system_signature_missing", pointer=pointer))
            return None
        candidates = partner.certificates  # (5)
        if shape.certificates:
            candidates = tuple(pinned for pinned in candidates if pinned == shape.certificates[0])
        if not candidates:
            self.findings.append(self.trust.not_pinned(shape.certificates[0], channel=channel, pointer=pointer))
            return None
        judged = [(pinned, self.trust.validate_pinned(pinned, at=at, pointer=pointer)) for pinned in candidates]
        usable = [pinned for pinned, fault in judged if fault is None]
        if not usable:
            self.findings.extend(fault for _, fault in judged[:1] if fault is not None)
            return None
        self.findings.extend(legacy(shape, partner.name, allowed=partner.legacy_sha1))
        covered = self._covered(shape)
        for certificate in usable:  # (6) and (7)
            if holds(shape, certificate, covered=covered):
                return _pinned(certificate, role=partner.role, store="pinned", partner=partner.name)
        self.findings.append(does_not_hold(shape, usable))
        return None

    def declarant(self, shape: Shape | None, demand: _Demand) -> Signer | None:
        """The declarant's signature over Content; a present one that does not hold always counts (wire profile 2)."""
        pointer = Place.DECLARANT.pointer
        if shape is None:
            malformed = any(finding.pointer == pointer for finding in self.findings)
            if not malformed and self.envelope.spec.form and demand.is_signed:
                self.findings.append(Finding(name="declarant_signature_missing", pointer=pointer))
            return None
        at = self.envelope.submission.received_at
        signer, found = signed_by(
            shape, self._covered(shape), at, stores=demand.stores, trust=self.trust, timing=self.timing
        )
        self.findings.extend(found)
        return signer

    def _covered(self, shape: Shape) -> dict[str, bytes]:
        """What each reference must have been made from, by its URI."""
        return {reference.uri: self.coverage.of(reference, shape.place) for reference in shape.references}
