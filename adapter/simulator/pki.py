"""The test window's own PKI: every party, anchor and fault a trust decision can meet, as PEM files with fixed names.

For tests, the demo and `nsw-adapter simulate pki`; it must never make a certificate that a production store trusts.
What is there is kept: a second call writes nothing, so that a whole test session shares one folder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class KeyKind(StrEnum):
    """What key a party has."""

    RSA = "rsa-2048"
    RSA_WEAK = "rsa-1024"
    EC = "ec-p256"


class Usage(StrEnum):
    """What a certificate says its key is for."""

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


@dataclass(frozen=True, slots=True)
class SigningParty:
    """A party that can sign: its key, its certificate, and the chain (leaf first, then intermediates)."""

    name: str
    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Pki:
    """All parties of a folder, loaded."""

    folder: Path
    parties: Mapping[str, SigningParty]

    def party(self, name: str) -> SigningParty:
        """The party of this name.

        Raises:
            KeyError: there is none; the text lists those there are.
        """
        if name not in self.parties:
            raise KeyError(f"no party {name!r}; there are: {', '.join(sorted(self.parties))}")
        return self.parties[name]

    def certificate_file(self, name: str) -> Path:
        """The PEM file of a party's certificate."""
        return self.folder / f"{name}.cert.pem"

    def key_file(self, name: str) -> Path:
        """The PEM file of a party's private key."""
        return self.folder / f"{name}.key.pem"

    def crls(self, world: str) -> Path:
        """The folder of CRLs of a world: public or government; or timestamping."""
        return self.folder / "crls" / world

    def anchors(self, world: str) -> Path:
        """The folder of trust anchors of a world: public or government; or timestamping."""
        return self.folder / "anchors" / world

    def intermediates(self, world: str) -> Path:
        """The folder of intermediate certificates of a world."""
        return self.folder / "intermediates" / world


@dataclass(frozen=True, slots=True)
class IssuedTlsFiles:
    """PEM files for AMQPS and HTTPS with client certificates."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


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
# The faulty parties are this one but for one thing, so that a test sees that one thing only.


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
"""What the CRL of its authority says of a party, and since when."""

LISTED = datetime(2026, 5, 1, tzinfo=UTC)
"""When the lists were made: after all that they name."""

_TLS: Mapping[str, PartySpec] = {
    "ca": _authority("Test TLS CA"),
    "server": PartySpec(title="localhost", organization="Test", issuer="ca", usage=Usage.SERVER),
    "client": PartySpec(title="nsw-adapter", organization="Test", issuer="ca", usage=Usage.CLIENT),
}


def make_pki(folder: Path) -> Pki:
    """Write every party and anchor that is not there yet, and load them all."""
    with _locked(folder):
        made = _make_missing(folder, {**AUTHORITIES, **SIGNERS}, ".cert.pem", ".key.pem")
        for name in SIGNERS:
            chain = _chain(name, made)
            _write_once(folder / f"{name}.chain.pem", b"".join(_pem(certificate) for certificate in chain))
        for kind, world, name in _HELD:
            _write_once(folder / kind / world / f"{name}.pem", _pem(made[name][1]))
            _write_crl(folder / "crls" / world / f"{name}.crl", name, made)
    return _pki(folder, made)


def load_pki(folder: Path) -> Pki:
    """Load a folder that `make_pki` wrote.

    Raises:
        FileNotFoundError: a party's file is missing.
    """
    return _pki(folder, {name: _load(folder, name, ".cert.pem", ".key.pem") for name in (*AUTHORITIES, *SIGNERS)})


def make_tls(folder: Path) -> IssuedTlsFiles:
    """Write a TLS authority, a server certificate for localhost and a client certificate, unless they are there."""
    with _locked(folder):
        _make_missing(folder, _TLS, ".pem", ".key")
    names = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    return IssuedTlsFiles(*(folder / name for name in names))


_Pair = tuple[PrivateKey, x509.Certificate]


def _pki(folder: Path, pairs: Mapping[str, _Pair]) -> Pki:
    return Pki(folder, {name: SigningParty(name, *pairs[name], chain=_chain(name, pairs)) for name in SIGNERS})


def _chain(name: str, pairs: Mapping[str, _Pair]) -> tuple[x509.Certificate, ...]:
    """Leaf and intermediates; a root is never sent along."""
    issuer = SIGNERS[name].issuer
    leaf = pairs[name][1]
    return (leaf, pairs[issuer][1]) if issuer and AUTHORITIES[issuer].issuer else (leaf,)


def _make_missing(folder: Path, specs: Mapping[str, PartySpec], cert_ext: str, key_ext: str) -> dict[str, _Pair]:
    """Load what is whole, make the rest. An issuer made anew makes its subjects anew, or their chains would break."""
    pairs: dict[str, _Pair] = {}
    fresh: set[str] = set()
    for name, spec in specs.items():
        whole = (folder / f"{name}{cert_ext}").exists() and (folder / f"{name}{key_ext}").exists()
        if whole and spec.issuer not in fresh:
            pairs[name] = _load(folder, name, cert_ext, key_ext)
            continue
        key = _new_key(spec.key)
        pairs[name] = key, _certify(spec, key, pairs[spec.issuer] if spec.issuer else None)
        fresh.add(name)
        _write(folder / f"{name}{key_ext}", _key_pem(key), mode=0o600)
        _write(folder / f"{name}{cert_ext}", _pem(pairs[name][1]))
    return pairs


def _certify(spec: PartySpec, key: PrivateKey, issuer: _Pair | None) -> x509.Certificate:
    subject = _subject(spec)
    issuer_key, issuer_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    is_authority = spec.usage is Usage.AUTHORITY
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(spec.valid_from)
        .not_valid_after(spec.valid_to)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(_key_usage(spec.usage), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )
    if spec.usage in (Usage.SERVER, Usage.CLIENT):
        builder = _for_tls(builder, spec)
    if spec.usage is Usage.TIMESTAMPING:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, SHA256())


def _write_crl(file: Path, authority: str, made: Mapping[str, _Pair]) -> None:
    """The authority's CRL, good for as long as its certificates; kept if it is there and this authority's own."""
    key, certificate = made[authority]
    named = {name: made[name][1].serial_number for name in REVOKED if SIGNERS[name].issuer == authority}
    if file.exists():
        crl = x509.load_der_x509_crl(file.read_bytes())
        if crl.is_signature_valid(key.public_key()) and {entry.serial_number for entry in crl} == set(named.values()):
            return
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(LISTED)
        .next_update(LAST_DAY)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for name, serial in named.items():
        reason, since = REVOKED[name]
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        builder = builder.add_revoked_certificate(entry.add_extension(x509.CRLReason(reason), False).build())
    _write(file, builder.sign(key, SHA256()).public_bytes(Encoding.DER))


def _for_tls(builder: x509.CertificateBuilder, spec: PartySpec) -> x509.CertificateBuilder:
    server = spec.usage is Usage.SERVER
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    names: list[x509.GeneralName] = [x509.DNSName(spec.title)]
    if server:
        names.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    return builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).add_extension(
        x509.SubjectAlternativeName(names), critical=False
    )


def _subject(spec: PartySpec) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, spec.organization),
        x509.NameAttribute(NameOID.COMMON_NAME, spec.title),
    ]
    if spec.unit:
        parts.insert(2, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, spec.unit))
    if spec.identity:
        parts.append(x509.NameAttribute(NameOID.USER_ID, spec.identity))
    if spec.organization_identifier:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, spec.organization_identifier))
    return x509.Name(parts)


def _key_usage(usage: Usage) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=usage in (Usage.SIGNER, Usage.SERVER, Usage.CLIENT, Usage.TIMESTAMPING),
        content_commitment=usage in (Usage.SIGNER, Usage.SEAL),
        key_encipherment=usage in (Usage.ENCIPHERMENT, Usage.SERVER),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=usage is Usage.AUTHORITY,
        crl_sign=usage is Usage.AUTHORITY,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.EC:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if kind is KeyKind.RSA_WEAK else 2048)


def _load(folder: Path, name: str, cert_ext: str, key_ext: str) -> _Pair:
    pem = (folder / f"{name}{key_ext}").read_bytes()
    # Checking an RSA key costs 50 ms each; these we made ourselves.
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"{name}{key_ext} is neither an RSA nor an EC key")
    return key, x509.load_pem_x509_certificate((folder / f"{name}{cert_ext}").read_bytes())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_once(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        _write(path, data)


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write whole or not at all: a killed run must not leave half a key. The mode holds from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    part.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time: two test runs may start in the same folder together."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
