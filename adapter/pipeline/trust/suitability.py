"""A certificate by itself: dates, strength of its key, what it was issued for. Its issuer is not checked here."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapter.model.finding import Finding
from adapter.pipeline.trust.stores import Algorithms

_OTHER_TRADES = {
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.CODE_SIGNING,
    ExtendedKeyUsageOID.TIME_STAMPING,
    ExtendedKeyUsageOID.OCSP_SIGNING,
}
"""Extended usages that make no signer of documents. Genuine signing certificates have none, or others beside."""


def fitness(
    certificate: x509.Certificate, *, at: datetime, pointer: str, algorithms: Algorithms | None = None
) -> Finding | None:
    """Dates, key strength and usage of a certificate by itself; None if it may sign."""
    if not is_valid(certificate, at):
        return Finding(name="certificate_expired", pointer=pointer)
    return suitability(certificate, pointer=pointer, algorithms=algorithms or Algorithms())


def is_valid(certificate: x509.Certificate, at: datetime) -> bool:
    """Whether its own dates cover that time."""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def is_strong(certificate: x509.Certificate, algorithms: Algorithms) -> bool:
    """Whether its key is of a kind and size that the policy takes."""
    key = _key(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= algorithms.rsa_bits
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    return key.key_size >= algorithms.ec_bits and key.curve.name in algorithms.curves


def _key(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):  # an unknown kind of key or curve
        return None


def suitability(certificate: x509.Certificate, *, pointer: str, algorithms: Algorithms) -> Finding | None:
    """Key strength and usage: what does not change with time."""
    if not is_strong(certificate, algorithms):
        key = _key(certificate)
        value = type(key).__name__
        if isinstance(key, rsa.RSAPublicKey):
            value = f"RSA {key.key_size}"
        elif isinstance(key, ec.EllipticCurvePublicKey):
            value = f"EC {key.curve.name}"
        return Finding(name="key_weak", pointer=pointer, words={"value": value})
    if not _may_sign(certificate):
        return Finding(name="certificate_usage", pointer=pointer)
    return None


def _may_sign(certificate: x509.Certificate) -> bool:
    """An e-seal with nonRepudiation (contentCommitment) alone is genuine; an authority is no declarant."""
    usage = constraints = extended = None
    try:
        extensions = certificate.extensions
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    for extension in extensions:
        match extension.value:
            case x509.KeyUsage():
                usage = extension.value
            case x509.BasicConstraints():
                constraints = extension.value
            case x509.ExtendedKeyUsage():
                extended = extension.value
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return False
    if constraints is not None and constraints.ca:
        return False
    return extended is None or not set(extended) <= _OTHER_TRADES
