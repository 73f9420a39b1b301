"""What the configuration trusts: partners by their pinned certificates, stores by their anchors."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from adapter.model.stages import Channel, Role


@dataclass(frozen=True, slots=True)
class Partner:
    """A system whose signature we know by its certificates, overlapping ones at roll-over."""

    name: str
    role: Role
    channel: Channel
    certificates: tuple[x509.Certificate, ...]
    legacy_sha1: bool = False
    """Signatures of theirs made with SHA-1 are taken, with a warning."""


@dataclass(frozen=True, slots=True)
class Store:
    """A trust store: its anchors and the intermediates we hold."""

    name: str
    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    legacy_sha1: bool = False
    """Signatures of its certificates made with SHA-1 are taken, with a warning."""
