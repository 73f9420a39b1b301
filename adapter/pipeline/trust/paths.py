"""Paths from a leaf to an anchor of a store, at a point in time (RFC 5280 section 6).

Two steps. First paths are built: only over signatures that hold, within a budget, so that neither a mesh of
cross-signed authorities nor a sender's invented certificates cost more than a few milliseconds. Then pyhanko's
certvalidator judges them: constraints of authorities, path length, names, policies. It never fetches anything, and
revocation is not asked of it (see `revocation`).
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.trust.stores import Store
from adapter.pipeline.trust.suitability import is_strong

MAX_LINKS = 8
MAX_SIGNATURES = 40
"""Signatures of certificates that are checked for one leaf in one store."""
MAX_PATHS = 6
"""Paths that are judged for one leaf in one store."""


class Reason(StrEnum):
    """Reasons why a path with valid signatures is not valid, ordered from the least to the most specific."""

    EXPIRED = "expired"
    LENGTH = "length"
    NAMES = "names"
    POLICIES = "policies"
    AUTHORITY = "authority"
    STRENGTH = "strength"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Path:
    """A path that stands: leaf first, anchor last, and the interval (UTC) in which each link is valid."""

    store: str
    links: tuple[x509.Certificate, ...]
    valid_from: datetime
    valid_to: datetime

    def covers(self, at: datetime) -> bool:
        """Whether each link is valid at that time."""
        return self.valid_from <= at <= self.valid_to


def find(leaf: x509.Certificate, given: Sequence[x509.Certificate], store: Store, at: datetime) -> Path | Reason | None:
    """The path at that time; else why the one that comes nearest does not stand; None where no path leads there.

    `given` are the certificates that came with the leaf, in any order; nothing is believed of them.
    """
    reasons: list[Reason] = []
    for candidate in _candidates(leaf, given, store):
        reason = _validate(candidate, store, at)
        if reason is None:
            return Path(
                store=store.name,
                links=candidate,
                valid_from=max(link.not_valid_before_utc for link in candidate),
                valid_to=min(link.not_valid_after_utc for link in candidate),
            )
        reasons.append(reason)
    # An expired path is a weaker reason than one that breaks a rule.
    return next((reason for reason in reasons if reason is not Reason.EXPIRED), reasons[0] if reasons else None)


def _candidates(
    leaf: x509.Certificate, given: Sequence[x509.Certificate], store: Store
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Paths of which each signature holds, shortest first, within the budget."""
    authorities = list(dict.fromkeys((*store.intermediates, *given)))
    waiting: list[tuple[x509.Certificate, ...]] = [(leaf,)]
    signatures = found = 0
    while waiting:
        path = waiting.pop(0)
        for issuer, is_anchor in (*((a, True) for a in store.anchors), *((a, False) for a in authorities)):
            if issuer.subject != path[-1].issuer or issuer in path:
                continue
            if signatures == MAX_SIGNATURES or found == MAX_PATHS:
                return
            signatures += 1
            if not _is_signed_by(path[-1], issuer):
                continue
            if is_anchor:
                found += 1
                yield (*path, issuer)
            elif len(path) + 2 < MAX_LINKS and issuer not in store.anchors:
                waiting.append((*path, issuer))


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        with strange_text():
            certificate.verify_directly_issued_by(issuer)
    except Unprocessable:
        return False
    return True


def _validate(path: tuple[x509.Certificate, ...], store: Store, at: datetime) -> Reason | None:
    """Why a candidate path is not valid, or None."""
    try:
        with strange_text():
            return _against(path, store, at)
    except Unprocessable:  # asn1crypto too, at what cryptography could read
        return Reason.OTHER


def _against(path: tuple[x509.Certificate, ...], store: Store, at: datetime) -> Reason | None:
    if any(not link.not_valid_before_utc <= at <= link.not_valid_after_utc for link in path):
        return Reason.EXPIRED
    for link in path[:-1]:
        digest = link.signature_hash_algorithm
        if digest is None or not store.allows_digest(digest.name):
            return Reason.STRENGTH
    if not all(is_strong(link, store.algorithms) for link in path[1:]):  # the leaf is judged by itself
        return Reason.STRENGTH
    return _validated(path, store, at)


def _validated(path: tuple[x509.Certificate, ...], store: Store, at: datetime) -> Reason | None:
    """RFC 5280 section 6.1 by certvalidator, all of whose inputs are at hand."""
    # imported here: it takes 150 ms, and only paths need it.
    from asn1crypto import x509 as asn1
    from pyhanko_certvalidator import PKIXValidationParams, ValidationContext
    from pyhanko_certvalidator.authority import CertTrustAnchor
    from pyhanko_certvalidator.errors import PathError, ValidationError
    from pyhanko_certvalidator.path import ValidationPath
    from pyhanko_certvalidator.policy_decl import (
        AcceptAllAlgorithms,
        CertRevTrustPolicy,
        RevocationCheckingPolicy,
        RevocationCheckingRule,
    )
    from pyhanko_certvalidator.validate import async_validate_path

    never = RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
    wanted = PKIXValidationParams()
    if store.policies:
        wanted = PKIXValidationParams(user_initial_policy_set=store.policies, initial_explicit_policy=True)
    try:
        leaf, *between, anchor = (asn1.Certificate.load(link.public_bytes(Encoding.DER)) for link in path)
        trusted = CertTrustAnchor(anchor, derive_default_quals_from_cert=True)
        context = ValidationContext(
            trust_roots=[anchor],
            moment=at,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(never),
            algorithm_usage_policy=AcceptAllAlgorithms(),  # judged above, by the store's own policy
        )
        _run(async_validate_path(context, ValidationPath(trusted, between[::-1], leaf), wanted))
    except (PathError, ValidationError) as error:
        return _reason(str(error))
    return None


_WORDS = (
    ("maximum path length", Reason.LENGTH),
    ("names of", Reason.NAMES),
    ("set of policies", Reason.POLICIES),
    ("policy graph", Reason.POLICIES),
    ("not a CA", Reason.AUTHORITY),
    ("not allowed to sign certificates", Reason.AUTHORITY),
)


def _reason(text: str) -> Reason:
    """The library gives its reasons in words only; tests cover each of them."""
    return next((reason for words, reason in _WORDS if words in " ".join(text.split())), Reason.OTHER)


def _run(coroutine: Coroutine[Any, Any, object]) -> None:
    """The library is asynchronous for the sake of fetching; with everything at hand it never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise ValueError("path validation waited for something")
