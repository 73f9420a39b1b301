"""Whether a certificate was revoked, suspended or good when it signed, or that it is not known.

The answers that it is read from are made by `crl` and `ocsp`; which ones are at hand is the gateway's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from cryptography import x509


class Unusable(Exception):
    """An answer that says nothing about the certificate asked for; the text says why, for the operator."""


class RevocationState(StrEnum):
    """What is known of a certificate at a point in time."""

    GOOD = "good"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationAnswer:
    """What one CRL or OCSP answer says of one certificate; times are aware.

    `revoked_at` None: it was good when the answer was made. `reason` None: its authority states none.
    """

    this_update: datetime
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: x509.ReasonFlags | None = None
    responder: x509.Certificate | None = None
    """Who signed an OCSP answer, where that is not the issuer and his own certificate may be revoked."""

    @property
    def held(self) -> bool:
        """Whether it is a suspension, not a revocation."""
        return self.reason is x509.ReasonFlags.certificate_hold

    def counts_until(self, grace: timedelta) -> datetime:
        """How long it may be relied on, with the grace that the configuration gives."""
        return (self.next_update or self.this_update) + grace


_KEY_IS_SAFE = {
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.affiliation_changed,
    x509.ReasonFlags.superseded,
    x509.ReasonFlags.cessation_of_operation,
}
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def of_timestamper(answer: RevocationAnswer) -> RevocationAnswer:
    """What an answer means for time stamps (RFC 3161 section 4): those made before a revocation stay good only where
    its reason says that the key is safe. Else whoever has the key stamps any time he likes, so it was never good."""
    if answer.revoked_at is None or answer.reason in _KEY_IS_SAFE:
        return answer
    return replace(answer, revoked_at=_ALWAYS)


class Evidence(Protocol):
    """The available evidence about a certificate. It may wait a bounded time for more; it raises nothing."""

    def __call__(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, store: str
    ) -> Sequence[RevocationAnswer]: ...


def no_evidence(certificate: x509.Certificate, issuer: x509.Certificate, *, store: str) -> Sequence[RevocationAnswer]:
    """Without any evidence."""
    del certificate, issuer, store
    return ()


def state_of(
    certificate: x509.Certificate,
    answers: Iterable[RevocationAnswer],
    *,
    received: datetime,
    proven: datetime | None,
    grace: timedelta,
) -> RevocationState:
    """What a certificate was when it signed.

    That is the time a time stamp proves, else the time of reception. What is revoked stays so, however old the answer
    that says it; that a certificate is good, or only suspended, takes an answer that still counts at reception.
    """
    signed = proven or received
    by_age = sorted(answers, key=lambda answer: answer.this_update)
    for answer in by_age:
        if answer.revoked_at is not None and not answer.held and answer.revoked_at <= signed:
            return RevocationState.REVOKED
    # An authority may leave a certificate off its list once it has run out: silence then says nothing.
    end = certificate.not_valid_after_utc
    counting = [a for a in by_age if received <= a.counts_until(grace) and a.this_update <= end]
    if not counting:
        return RevocationState.UNKNOWN
    newest = counting[-1]
    if newest.revoked_at is not None and newest.held and newest.revoked_at <= signed:
        return RevocationState.SUSPENDED
    return RevocationState.GOOD
