"""Makes keys, certificates and CRLs of the test world, and writes each file whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

from adapter.simulator.parties import LAST_DAY, LISTED, REVOKED, SIGNERS, KeyKind, PartySpec, Usage

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


Pair = tuple[PrivateKey, x509.Certificate]


def certify(spec: PartySpec, key: PrivateKey, issuer: Pair | None) -> x509.Certificate:
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


def write_crl(file: Path, authority: str, made: Mapping[str, Pair]) -> None:
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
    write_whole(file, builder.sign(key, SHA256()).public_bytes(Encoding.DER))


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


def new_key(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.EC:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if kind is KeyKind.RSA_WEAK else 2048)


def load_pair(folder: Path, name: str, cert_ext: str, key_ext: str) -> Pair:
    pem = (folder / f"{name}{key_ext}").read_bytes()
    # Checking an RSA key costs 50 ms each; these we made ourselves.
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"{name}{key_ext} is neither an RSA nor an EC key")
    return key, x509.load_pem_x509_certificate((folder / f"{name}{cert_ext}").read_bytes())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_once(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        write_whole(path, data)


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write whole or not at all: a killed run must not leave half a key. Its mode is set from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    part.replace(path)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time: two test runs may start in the same folder together."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
