"""The certificates that a stranger brings along cost neither memory nor time, whatever stands in them."""

from __future__ import annotations

import tracemalloc
from base64 import b64encode
from datetime import UTC, datetime
from math import gcd

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from adapter.pipeline.signature import keyinfo
from adapter.pipeline.signature.algorithms import DS
from tests.harness.pki import shared_pki

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger")])
SERIAL = int.from_bytes(b"\x11" * 16, "big")


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *names: str) -> bytes:
    """DER of a certificate that its key signed itself."""
    builder = x509.CertificateBuilder(
        issuer_name=NAME,
        subject_name=NAME,
        public_key=key.public_key(),
        serial_number=SERIAL,
        not_valid_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2027, 1, 1, tzinfo=UTC),
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def signature(*certificates: bytes) -> etree._Element:
    written = "".join(f"<X509Certificate>{b64encode(der).decode()}</X509Certificate>" for der in certificates)
    return etree.fromstring(f'<Signature xmlns="{DS}"><KeyInfo><X509Data>{written}</X509Data></KeyInfo></Signature>')


def with_exponent(bits: int) -> rsa.RSAPrivateKey:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    p, q = numbers.p, numbers.q
    e = (1 << bits - 1) + 1
    while gcd(e, (p - 1) * (q - 1)) != 1:
        e += 2
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def test_what_strangers_send_is_not_kept() -> None:
    der = certificate(ec.generate_private_key(ec.SECP256R1()), *(f"{at:x}" for at in range(1_700)))
    at = der.index(b"\x11" * 16)
    keyinfo.certificates(signature(der))
    tracemalloc.start()
    try:
        for count in range(40):
            other = der[:at] + count.to_bytes(4, "big").replace(b"\0", b"\x01") + der[at + 4 :]
            keyinfo.certificates(signature(other, other, other))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000, f"{kept} bytes of forty messages"


def test_a_chain_of_the_usual_size_is_remembered() -> None:
    for party in ("enterprise", "nsw", "citizen"):
        chain = [each.public_bytes(Encoding.DER) for each in shared_pki().party(party).chain]
        assert keyinfo.certificates(signature(*chain))[0] is keyinfo.certificates(signature(*chain))[0]


@pytest.mark.parametrize("bits", [17, 64])
def test_a_usual_exponent_is_taken(bits: int) -> None:
    assert keyinfo.certificates(signature(certificate(with_exponent(bits))))


@pytest.mark.parametrize("bits", [65, 2_047])
def test_a_key_that_costs_a_hundred_signatures_to_check_is_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="certificate"):
        keyinfo.certificates(signature(certificate(with_exponent(bits))))
