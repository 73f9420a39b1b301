"""The parties of the test world: who they are, what their certificates are for, who issues them, who is revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509


class KeyKind(StrEnum):
    """The kind of key of a party."""

    RSA = "rsa-2048"
    RSA_WEAK = "rsa-1024"
    EC = "ec-p256"


class Usage(StrEnum):
    """The purpose of a key in its certificate."""

    AUTHORITY = "authority"
    SIGNER = "signer"
    """digitalSignature and nonRepudiation."""
    SEAL = "seal"
    """nonRepudiation alone: a genuine e-seal."""
    ENCIPHERMENT = "encipherment"
    """Not for signing at all."""
    TIMESTAMPING = "timestamping"
    """RFC 3161, 2.3: for time stamps and nothing else, and critically so."""
    SERVER = "server"
    CLIENT = "client"


FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


LAST_DAY = datetime(2045, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySpec:
    """What a party's certificate is to say; `issuer` None means that it signs itself."""

    title: str
    organization: str
    issuer: str | None
    identity: str | None = None
    """Tax code or personal number as the subject's UID writes it."""
    organization_identifier: str | None = None
    unit: str | None = None
    """The code of a border-guard unit, as the subject's OU."""
    key: KeyKind = KeyKind.RSA
    usage: Usage = Usage.SIGNER
    valid_from: datetime = FIRST_DAY
    valid_to: datetime = LAST_DAY


_HELD = (
    ("anchors", "public", "public-root"),
    ("intermediates", "public", "public-ca"),
    ("anchors", "government", "government-root"),
    ("intermediates", "government", "government-ca"),
    ("anchors", "timestamping", "timestamping-root"),
)
"""The authorities that an installation holds: where, in which world, and which."""


_ENTERPRISE = PartySpec(
    title="Cong ty Du lich Thu nghiem",
    organization="Cong ty Du lich Thu nghiem",
    issuer="public-ca",
    identity="MST:0100109106",
)


_TIMESTAMPER = PartySpec(
    title="Test Timestamping Authority",
    organization="Test Trust",
    issuer="timestamping-root",
    usage=Usage.TIMESTAMPING,
)


def _authority(title: str, issuer: str | None = None) -> PartySpec:
    return PartySpec(title=title, organization="Test Trust", issuer=issuer, usage=Usage.AUTHORITY)


def _state(title: str, organization: str, key: KeyKind = KeyKind.EC) -> PartySpec:
    return PartySpec(title=title, organization=organization, issuer="government-ca", key=key)


AUTHORITIES: Mapping[str, PartySpec] = {
    "public-root": _authority("Test Public Root"),
    "public-ca": _authority("Test Public CA", "public-root"),
    "government-root": _authority("Test Government Root"),
    "government-ca": _authority("Test Government CA", "government-root"),
    "stranger-root": _authority("Test Stranger Root"),
    "timestamping-root": _authority("Test Timestamping Root"),
}


SIGNERS: Mapping[str, PartySpec] = {
    "nsw": _state("Test National Single Window", "Test Customs", KeyKind.RSA),
    "nsw-next": _state("Test National Single Window", "Test Customs", KeyKind.RSA),
    "portal": _state("Test Border Portal", "Test Border Guard"),
    "system": _state("Test Border Guard System", "Test Border Guard"),
    "unit": _state("Test Border Gate Unit", "Test Border Guard"),
    "unit-huunghi": replace(_state("Test Border Gate Unit Huu Nghi", "Test Border Guard"), unit="CK-HUUNGHI"),
    "unit-mongcai": replace(_state("Test Border Gate Unit Mong Cai", "Test Border Guard"), unit="CK-MONGCAI"),
    "body": _state("Test State Body", "Test Ministry", KeyKind.RSA),
    "enterprise": _ENTERPRISE,
    "enterprise-ec": replace(_ENTERPRISE, title="Cong ty Du lich Thu nghiem EC", key=KeyKind.EC),
    "other-enterprise": replace(_ENTERPRISE, title="Cong ty Khac Thu nghiem", identity="MST:0100112437"),
    "branch": replace(_ENTERPRISE, title="Chi nhanh Cong ty Du lich Thu nghiem", identity="MST:0100109106-001"),
    "e-seal": replace(
        _ENTERPRISE,
        title="Con dau Cong ty Du lich Thu nghiem",
        identity=None,
        organization_identifier="VATVN-0100109106",
        usage=Usage.SEAL,
    ),
    "unregistered": replace(_ENTERPRISE, title="Cong ty chua dang ky chung thu so"),
    "barred": replace(_ENTERPRISE, title="Cong ty co chung thu so tam dung"),
    "stopped-enterprise": replace(_ENTERPRISE, title="Cong ty bi tam dung", identity="MST:0100990015"),
    "citizen": PartySpec(
        title="Cong dan Thu nghiem", organization="Ca nhan", issuer="public-ca", identity="CCCD:001085012345"
    ),
    "expired": replace(_ENTERPRISE, title="Expired enterprise", valid_to=datetime(2025, 1, 1, tzinfo=UTC)),
    "not-yet": replace(_ENTERPRISE, title="Not yet valid enterprise", valid_from=datetime(2040, 1, 1, tzinfo=UTC)),
    "weak": replace(_ENTERPRISE, title="Weak key enterprise", key=KeyKind.RSA_WEAK),
    "wrong-usage": replace(_ENTERPRISE, title="Encipherment only enterprise", usage=Usage.ENCIPHERMENT),
    "nonrepudiation": replace(_ENTERPRISE, title="E-seal enterprise", usage=Usage.SEAL),
    "revoked": replace(_ENTERPRISE, title="Revoked enterprise"),
    "revoked-later": replace(_ENTERPRISE, title="Enterprise revoked after it signed"),
    "suspended": replace(_ENTERPRISE, title="Suspended enterprise"),
    "stranger": replace(_ENTERPRISE, title="Stranger enterprise", issuer="stranger-root"),
    "self-signed": replace(_ENTERPRISE, title="Self-signed enterprise", issuer=None),
    "timestamper": _TIMESTAMPER,
    "superseded-timestamper": replace(_TIMESTAMPER, title="Superseded Timestamping Authority"),
    "compromised-timestamper": replace(_TIMESTAMPER, title="Compromised Timestamping Authority"),
    "suspended-timestamper": replace(_TIMESTAMPER, title="Suspended Timestamping Authority"),
    "stranger-timestamper": replace(_TIMESTAMPER, title="Stranger Timestamping Authority", issuer="stranger-root"),
}


REVOKED: Mapping[str, tuple[x509.ReasonFlags, datetime]] = {
    "revoked": (x509.ReasonFlags.key_compromise, datetime(2026, 1, 15, tzinfo=UTC)),
    "revoked-later": (x509.ReasonFlags.superseded, datetime(2026, 4, 1, tzinfo=UTC)),
    "suspended": (x509.ReasonFlags.certificate_hold, datetime(2026, 2, 1, tzinfo=UTC)),
    "superseded-timestamper": (x509.ReasonFlags.superseded, datetime(2026, 3, 1, tzinfo=UTC)),
    "compromised-timestamper": (x509.ReasonFlags.key_compromise, datetime(2026, 4, 1, tzinfo=UTC)),
    "suspended-timestamper": (x509.ReasonFlags.certificate_hold, datetime(2026, 4, 1, tzinfo=UTC)),
}
"""The state of a party in its authority's CRL, and since when."""


LISTED = datetime(2026, 5, 1, tzinfo=UTC)
"""When the lists were made: after all that they name."""


TLS: Mapping[str, PartySpec] = {
    "ca": _authority("Test TLS CA"),
    "server": PartySpec(title="localhost", organization="Test", issuer="ca", usage=Usage.SERVER),
    "client": PartySpec(title="nsw-adapter", organization="Test", issuer="ca", usage=Usage.CLIENT),
}
