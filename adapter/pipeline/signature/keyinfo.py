"""The certificates in a signature. They are not trusted: they only tell which certificates to check."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from adapter.pipeline import text
from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.signature.algorithms import ds

MAX_CERTIFICATES = 10
MAX_CERTIFICATE_TEXT = 16_384
"""Characters of base64; a certificate with an RSA key of 4,096 bits has about 3,000."""
MAX_REMEMBERED_TEXT = 8_192
"""Characters of base64 of a chain that is remembered: a genuine one fits, and a stranger's cannot fill the memory. What
is read of a certificate takes a hundred times its bytes."""
MAX_EXPONENT_BITS = 64
"""Of an RSA key, as OpenSSL has it for long ones; tools write 17. Checking one signature costs as many multiplications,
and a stranger may choose it as long as the modulus."""
_CERTIFICATES = f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"


def certificates(signature: etree._Element) -> tuple[x509.Certificate, ...]:
    """Certificates of KeyInfo, leaf first: senders write them in any order.

    Raises:
        ValueError: one of them is no certificate, or there are too many.
    """
    texts = tuple(text.raw(node) for node in signature.iterfind(_CERTIFICATES))
    # Not trusted yet, and the result is cached: its size is checked first.
    if len(texts) > MAX_CERTIFICATES or any(len(each) > MAX_CERTIFICATE_TEXT for each in texts):
        raise ValueError("too many certificates, or too large")
    return (_remembered if sum(map(len, texts)) <= MAX_REMEMBERED_TEXT else _leaf_first)(texts)


def _leaf_first(texts: tuple[str, ...]) -> tuple[x509.Certificate, ...]:
    found = [load_certificate("".join(each.split())) for each in texts]
    issuers = {certificate.issuer for certificate in found if certificate.issuer != certificate.subject}
    return tuple(sorted(found, key=lambda certificate: certificate.subject in issuers))


_remembered = lru_cache(maxsize=128)(_leaf_first)
"""Senders write the same few chains all day, and names are decoded anew at each look."""


def load_certificate(base64_der: str) -> x509.Certificate:
    """A certificate from the text of an X509Certificate element.

    Raises:
        ValueError: it is none.
    """
    try:
        with strange_text():
            pem = b"-----BEGIN CERTIFICATE-----\n" + base64_der.encode("ascii") + b"\n-----END CERTIFICATE-----\n"
            return read_whole(x509.load_pem_x509_certificate(pem))
    except Unprocessable as error:
        raise ValueError(f"not a certificate that can be read: {error.what}") from None


def read_whole(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate, once everything in it was read: the library reads lazily, and what is malformed must show at
    once and not in the middle of a judgement.

    Raises:
        ValueError: its key costs too much to be checked; the library's own, where it is malformed.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e.bit_length() > MAX_EXPONENT_BITS:
        raise ValueError("an RSA key with an exponent that no tool writes")
    certificate.extensions, certificate.subject, certificate.issuer  # noqa: B018
    certificate.not_valid_before_utc, certificate.not_valid_after_utc  # noqa: B018
    return certificate
