"""Verification: from an Envelope to the element that was signed ("see what is signed").

Steps, numbered as in docs/security.md: (4) structural gate, (5) key choice, (6) verification, (7) proof of coverage:
what must be covered is made canonical from our own tree, and the signature must be over exactly those bytes. Only an
element parsed from them goes on. Every fault of both signatures is listed.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from lxml import etree

from adapter.model.errors import Fault, Misconfigured
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import Digest
from adapter.model.procedure import Procedure, SignaturePolicy
from adapter.model.stages import Envelope, Role, Signer, Stage, VerifiedDocument
from adapter.pipeline import trust as who
from adapter.pipeline.engine import holds, verified_bytes
from adapter.pipeline.envelope import read_header
from adapter.pipeline.shape import Place, Shape, shapes
from adapter.pipeline.xml import canonical

_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def verify(envelope: Envelope, *, trust: who.Trust) -> VerifiedDocument:
    """Judge both signatures; give the signed element.

    Raises:
        Fault: at stage verify, with every fault found.
        Misconfigured: no partner is configured for the channel.
    """
    found, findings = shapes(envelope.tree)  # (4)
    signed, system = _judge_system(envelope, found.get(Place.SYSTEM), trust, findings)
    declarant = _judge_declarant(envelope, found, trust, findings)
    faults = [finding for finding in findings if finding.severity is Severity.REJECT]
    if faults or signed is None or system is None:
        raise Fault(Stage.VERIFY, tuple(findings), envelope.header)
    element = _without_signatures(signed)
    return VerifiedDocument(
        envelope=envelope,
        element=element,
        header=read_header(element),
        signers=(system, declarant) if declarant else (system,),
        content_digest=Digest(hashlib.sha256(canonical(element)).hexdigest()),
        findings=tuple(findings),
    )


def _judge_system(
    envelope: Envelope, shape: Shape | None, trust: who.Trust, findings: list[Finding]
) -> tuple[bytes | None, Signer | None]:
    """The sending system's signature over the whole envelope, against its pinned certificates."""
    channel, at = envelope.submission.channel, envelope.submission.received_at
    partner = trust.partner_for(channel)
    if partner is None:
        raise Misconfigured(f"no partner is configured for channel {channel}")
    pointer = Place.SYSTEM.pointer
    if shape is None:
        if not any(finding.pointer == pointer for finding in findings):
            findings.append(Finding(name="system_signature_missing", pointer=pointer))
        return None, None
    candidates = partner.certificates  # (5)
    if shape.certificates:
        candidates = tuple(pinned for pinned in candidates if pinned == shape.certificates[0])
    if not candidates:
        findings.append(Finding(name="certificate_unknown", pointer=pointer))
        return None, None
    usable = [certificate for certificate in candidates if who.fitness(certificate, at=at, pointer=pointer) is None]
    if not usable:
        findings.extend(filter(None, [who.fitness(candidates[0], at=at, pointer=pointer)]))
        return None, None
    covered = _covered(envelope.tree, shape)
    for certificate in usable:  # (6) and (7)
        if holds(envelope.tree, Place.SYSTEM, certificate, at, covered=covered):
            return covered, who.signer(certificate, role=partner.role, store="pinned", partner=partner.name)
    findings.append(_does_not_hold(envelope, Place.SYSTEM, usable, at))
    return None, None


def _judge_declarant(
    envelope: Envelope, found: dict[Place, Shape], trust: who.Trust, findings: list[Finding]
) -> Signer | None:
    """The declarant's signature over Content; a present one that does not hold always counts (wire profile 2)."""
    policy, pointer = envelope.procedure.signature, Place.DECLARANT.pointer
    shape = found.get(Place.DECLARANT)
    if shape is None:
        malformed = any(finding.pointer == pointer for finding in findings)
        if not malformed and envelope.spec.form and _required(policy, envelope):
            findings.append(Finding(name="declarant_signature_missing", pointer=pointer))
        return None
    if not shape.certificates:
        findings.append(Finding(name="certificate_missing", pointer=pointer))
        return None
    at = envelope.submission.received_at
    verdict = trust.judge(  # (5)
        shape.certificates,
        stores=_stores(policy, envelope),
        role=Role.DECLARANT,
        moments=who.Moments(received=at),
        pointer=pointer,
    )
    findings.extend(verdict.findings)
    leaf = shape.certificates[0]
    covered, then = _covered(envelope.tree, shape), _within(leaf, at)
    if not holds(envelope.tree, Place.DECLARANT, leaf, then, covered=covered):  # (6) and (7)
        findings.append(_does_not_hold(envelope, Place.DECLARANT, [leaf], then))
    return verdict.signer


def _does_not_hold(envelope: Envelope, place: Place, certificates: Sequence[x509.Certificate], at: datetime) -> Finding:
    """Why: one that is good, but over something else than what it must cover, is told from one that is not good."""
    elsewhere = any(verified_bytes(envelope.tree, place, certificate, at) for certificate in certificates)
    return Finding("not_covered" if elsewhere else "signature_invalid", place.pointer)


def _within(certificate: x509.Certificate, at: datetime) -> datetime:
    """A time the certificate is valid at: dates are `fitness`'s question, here only the key is asked."""
    return min(max(at, certificate.not_valid_before_utc), certificate.not_valid_after_utc)


def _covered(tree: etree._Element, shape: Shape) -> bytes:
    """What the signature must have signed, made from our own tree: the envelope less that signature, or Content."""
    exclusive, prefixes = shape.reference_c14n == _EXCLUSIVE, shape.prefixes
    if shape.place is Place.SYSTEM:
        own = copy.deepcopy(tree)
        _drop(own.find(f"{Place.SYSTEM.value}/*"))
        return canonical(own, exclusive=exclusive, prefixes=prefixes)
    content = tree.find("Body/Content")
    assert content is not None
    if not exclusive or prefixes:  # the namespaces above count, and lxml needs the element detached (pipeline/engine)
        content = etree.fromstring(etree.tostring(content, with_tail=False))
    return canonical(content, exclusive=exclusive, prefixes=prefixes)


def _drop(element: etree._Element | None) -> None:
    """Remove an element and leave the text behind it where it is."""
    if element is None:
        return
    parent = element.getparent()
    assert parent is not None
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _without_signatures(signed: bytes) -> etree._Element:
    """What the XSD sees: the signed element without its signature elements and Content/@Id (wire profile 2)."""
    element = etree.fromstring(signed, etree.XMLParser(resolve_entities=False, no_network=True))
    _drop(element.find(Place.SYSTEM.value))
    _drop(element.find(Place.DECLARANT.value))
    content = element.find("Body/Content")
    if content is not None:
        content.attrib.pop("Id", None)
    return element


def _required(policy: SignaturePolicy, envelope: Envelope) -> bool:
    if policy.required == "when_present":
        return bool(_claim(envelope.procedure, envelope, policy.when_present or ""))
    return policy.required == "always"


def _stores(policy: SignaturePolicy, envelope: Envelope) -> tuple[str, ...]:
    """Stores a declarant may chain to; a State body's declaration may name more."""
    for condition, stores in policy.stores_where:
        if _claim(envelope.procedure, envelope, condition.field) == condition.value:
            return stores
    return policy.stores


def _claim(procedure: Procedure, envelope: Envelope, name: str) -> str | None:
    """A value as written. It only chooses what is demanded of the signature that covers it."""
    spec = procedure.field(name)
    if spec is None:
        return None
    return (envelope.tree.findtext(f"Body/Content/{envelope.spec.root}/{spec.path}") or "").strip() or None
