"""A certificate by itself: dates, strength of its key, what it was issued for. Who vouches for it is not asked."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapter.model.finding import Finding

MIN_RSA_BITS = 2048
MIN_EC_BITS = 256


def fitness(certificate: x509.Certificate, *, at: datetime, pointer: str) -> Finding | None:
    """Dates, key strength and usage of a certificate by itself; None if it may sign."""
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return Finding(name="certificate_expired", pointer=pointer)
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            return Finding(name="key_weak", pointer=pointer, words={"value": f"RSA {key.key_size}"})
    elif not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < MIN_EC_BITS:
        return Finding(name="key_weak", pointer=pointer, words={"value": type(key).__name__})
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    # An e-seal with nonRepudiation (contentCommitment) alone is genuine.
    if not (usage.digital_signature or usage.content_commitment):
        return Finding(name="certificate_usage", pointer=pointer)
    return None
