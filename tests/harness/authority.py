"""A certification authority in a few lines, for tests: certificates with any fault, CRLs, OCSP answers; EC keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
KEYS: dict[str, Any] = {}


def key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key of that name, the same for the whole run."""
    made: ec.EllipticCurvePrivateKey = KEYS.setdefault(name, ec.generate_private_key(ec.SECP256R1()))
    return made


def name(common: str) -> x509.Name:
    """A subject."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its name, its key's name, its certificate."""

    title: str
    certificate: x509.Certificate

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return key(self.title)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a certificate shall say, where it differs from a plain one."""

    ca: bool = False
    path_length: int | None = None
    cert_sign: bool = True
    permitted: str | None = None
    policies: tuple[str, ...] = ()
    crl_url: str | None = None
    ocsp_url: str | None = None
    eku: tuple[x509.ObjectIdentifier, ...] = ()
    first: datetime = FIRST
    last: datetime = LAST
    extra: tuple[x509.ExtensionType, ...] = ()
    digest: type[HashAlgorithm] = SHA256


def certify(
    title: str, issuer: Authority | None, wish: Wish | None = None, *, keyed: str | None = None
) -> x509.Certificate:
    """A certificate; without an issuer it signs itself. `keyed` names its key if not by its title."""
    wish = wish or Wish()
    own = key(keyed or title)
    signing, by = (issuer.key, issuer.certificate.subject) if issuer else (own, name(title))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(title))
        .issuer_name(by)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wish.first)
        .not_valid_after(wish.last)
        .add_extension(x509.BasicConstraints(ca=wish.ca, path_length=wish.path_length), critical=True)
        .add_extension(_usage(wish), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    for extension, critical in _extensions(wish):
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing, wish.digest())


def authority(title: str, issuer: Authority | None = None, wish: Wish | None = None) -> Authority:
    """An authority; without an issuer a root."""
    return Authority(title, certify(title, issuer, wish or Wish(ca=True)))


def _usage(wish: Wish) -> x509.KeyUsage:
    signs = wish.ca and wish.cert_sign
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=not signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _extensions(wish: Wish) -> Iterable[tuple[x509.ExtensionType, bool]]:
    if wish.permitted:
        subtree = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, wish.permitted)]))
        yield x509.NameConstraints(permitted_subtrees=[subtree], excluded_subtrees=None), True
    if wish.policies:
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in wish.policies]
        yield x509.CertificatePolicies(policies), False
    if wish.crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(wish.crl_url)], None, None, None)
        yield x509.CRLDistributionPoints([point]), False
    if wish.ocsp_url:
        where = x509.UniformResourceIdentifier(wish.ocsp_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
        yield x509.AuthorityInformationAccess([access]), False
    if wish.eku:
        # RFC 3161, 2.3: time stamping is critical.
        yield x509.ExtendedKeyUsage(wish.eku), ExtendedKeyUsageOID.TIME_STAMPING in wish.eku
    for extension in wish.extra:
        yield extension, False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry of a CRL."""

    since: datetime
    reason: x509.ReasonFlags | None = None
    invalid_from: datetime | None = None


def crl(
    by: Authority,
    listed: Mapping[x509.Certificate, Listed] | None = None,
    *,
    this_update: datetime,
    next_update: datetime | None = None,
    signed_with: ec.EllipticCurvePrivateKey | None = None,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A CRL, DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(this_update)
        .next_update(next_update or this_update + timedelta(days=1))
    )
    for certificate, entry in (listed or {}).items():
        revoked = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(entry.since)
        if entry.reason:
            revoked = revoked.add_extension(x509.CRLReason(entry.reason), critical=False)
        if entry.invalid_from:
            revoked = revoked.add_extension(x509.InvalidityDate(entry.invalid_from), critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signed_with or by.key, SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What an OCSP answer says."""

    this_update: datetime
    next_update: datetime | None = None
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    since: datetime | None = None
    reason: x509.ReasonFlags | None = None
    algorithm: HashAlgorithm = field(default_factory=SHA1)


def ocsp_reply(
    certificate: x509.Certificate,
    issuer: Authority,
    says: Says,
    *,
    responder: x509.Certificate | None = None,
    silent: x509.Certificate | None = None,
    signed_with: ec.EllipticCurvePrivateKey | Ed25519PrivateKey | None = None,
) -> bytes:
    """An OCSP answer, DER; signed by the issuer, by a responder whose certificate it brings, or by a silent one."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        certificate,
        issuer.certificate,
        says.algorithm,
        says.status,
        says.this_update,
        says.next_update,
        says.since,
        says.reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder or silent or issuer.certificate)
    if responder is not None:
        builder = builder.certificates([responder])
    digest = None if isinstance(signed_with, Ed25519PrivateKey) else SHA256()
    return builder.sign(signed_with or issuer.key, digest).public_bytes(Encoding.DER)


def key_pem(title: str) -> bytes:
    """The private key of that name, for programs that want a file."""
    return key(title).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
