"""What the configuration trusts: partners by their pinned certificates, stores by their anchors and their rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509

from adapter.model.stages import Channel, SignerRole


@dataclass(frozen=True, slots=True)
class Partner:
    """A system whose signature we know by its certificates, overlapping ones at roll-over."""

    name: str
    role: SignerRole
    channel: Channel
    certificates: tuple[x509.Certificate, ...]
    legacy_sha1: bool = False
    """Signatures of theirs made with SHA-1 are taken, with a warning."""


class Unknown(StrEnum):
    """What happens to a message while it is not known whether its certificate is revoked."""

    WAIT = "wait"
    """Receipted (99), judged again when there is an answer; refused when the bounded wait is over."""
    FLAG = "flag"
    """Accepted with a warning."""
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What keys and digests certificates under a store must have."""

    rsa_bits: int = 2048
    ec_bits: int = 256
    digests: frozenset[str] = frozenset({"sha256", "sha384", "sha512"})
    curves: frozenset[str] = frozenset({"secp256r1", "secp384r1", "secp521r1"})
    """The curves of NIST, which authorities use; others (secp256k1, brainpool) are not accepted."""


@dataclass(frozen=True, slots=True)
class RevocationRules:
    """How revocation is judged under a store."""

    unknown: Unknown = Unknown.REFUSE
    grace: timedelta = timedelta()
    """How long past its nextUpdate (without one: its thisUpdate) an answer still counts: for a border post without a
    connection.
    """


TIMESTAMPING = "timestamping"
"""The name of the store of time-stamping authorities, beside those of signers."""


@dataclass(frozen=True, slots=True)
class Store:
    """A trust store: anchors, the intermediates we hold, who may sign under it and by which rules.

    `valid_from` and `valid_to` (aware; None: open) say when it is in force. `policies` are OIDs of certificate
    policies of which a path must have one. `revocation` None means that revocation is not asked at all.
    """

    name: str
    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    roles: frozenset[SignerRole] = frozenset(SignerRole)
    algorithms: Algorithms = Algorithms()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    policies: frozenset[str] = frozenset()
    revocation: RevocationRules | None = None
    legacy_sha1: bool = False
    """SHA-1 is taken too, from older software, with a warning; each use is a security event."""

    def allows_digest(self, name: str) -> bool:
        """Whether a digest may be used, by its lower-case name: sha256."""
        return name in self.algorithms.digests or (self.legacy_sha1 and name == "sha1")

    def in_force(self, at: datetime) -> bool:
        """Whether the store counts at that time (aware)."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)
