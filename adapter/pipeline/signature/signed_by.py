"""Who signed, where a person signs: the declarant an envelope, or the holder of a certificate a statement.

Steps (5) to (7) of docs/security.md for such a signature; the structure was judged before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from adapter.model.finding import Finding, Severity
from adapter.model.stages import Signer, SignerRole
from adapter.pipeline.signature.engine import holds, verified_bytes
from adapter.pipeline.signature.shape import Shape
from adapter.pipeline.signature.signing_time import Timing
from adapter.pipeline.trust import Trust


def signed_by(
    shape: Shape,
    covered: Mapping[str, bytes],
    received: datetime,
    *,
    stores: Sequence[str],
    trust: Trust,
    timing: Timing,
) -> tuple[Signer | None, list[Finding]]:
    """The signer, and what was found: warnings beside him, faults instead of one.

    `covered`: what each reference must have been made from, by its URI. `stores`: the trust stores of which
    one must lead to him.
    """
    pointer = shape.place.pointer
    if not shape.certificates:
        return None, [Finding(name="certificate_missing", pointer=pointer)]
    leaf = shape.certificates[0]
    if not holds(shape, leaf, covered=covered):  # (6) and (7)
        # Names, times and chains of what nobody signed are not read: each costs more than it did to write it.
        return None, [does_not_hold(shape, [leaf])]
    findings = []
    if shape.properties is not None and not shape.properties.name(leaf):
        findings.append(Finding(name="xades_certificate", pointer=pointer))
    moments, told = timing.moments(shape, received, trust)
    verdict = trust.validate(  # (5)
        shape.certificates, stores=stores, role=SignerRole.DECLARANT, moments=moments, pointer=pointer
    )
    findings.extend([*told, *verdict.findings])
    if verdict.signer is None:
        return None, findings
    store = trust.stores[verdict.signer.store]
    findings.extend(legacy(shape, store.name, allowed=store.legacy_sha1))
    return replace(verdict.signer, claimed=moments.claimed, proven=moments.proven), findings


def legacy(shape: Shape, whose: str, *, allowed: bool) -> list[Finding]:
    """SHA-1: refused, or taken where the configuration names it for these signers, and told either way."""
    if not shape.legacy:
        return []
    if allowed:
        return [Finding("algorithm_legacy", shape.place.pointer, Severity.WARN, words={"store": whose})]
    return [Finding("algorithm_forbidden", shape.place.pointer, words={"value": each}) for each in sorted(shape.legacy)]


def does_not_hold(shape: Shape, certificates: Sequence[x509.Certificate]) -> Finding:
    """Why: one that is good, but over something else than what it must cover, is told from one that is not good."""
    elsewhere = any(verified_bytes(shape, certificate) for certificate in certificates)
    return Finding("not_covered" if elsewhere else "signature_invalid", shape.place.pointer)
