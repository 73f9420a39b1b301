"""What a certificate by itself must be to sign documents: its curve, and what else it says it is for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from adapter.pipeline.signature.algorithms import SIGNATURE_METHODS
from adapter.pipeline.signature.keyinfo import MAX_CERTIFICATE_TEXT, MAX_CERTIFICATES
from adapter.pipeline.trust.stores import Algorithms
from adapter.pipeline.trust.suitability import suitability
from tests.harness.pki import ROOT

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OF_A_VENDOR = ObjectIdentifier("1.3.6.1.4.1.311.10.3.12")
"""Microsoft's document signing: a word of a vendor's that genuine certificates have."""


def certificate(
    curve: type[ec.EllipticCurve] = ec.SECP256R1, usages: list[ObjectIdentifier] | None = None
) -> x509.Certificate:
    key = ec.generate_private_key(curve())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Who signs")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    if usages is not None:
        made = made.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return made.sign(key, SHA256())


def found(certificate: x509.Certificate) -> tuple[str, str] | None:
    finding = suitability(certificate, pointer="/", algorithms=Algorithms())
    return finding and (finding.name, finding.words.get("value", ""))


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1])
def test_the_three_curves_of_nist_sign(curve: type[ec.EllipticCurve]) -> None:
    assert found(certificate(curve)) is None


@pytest.mark.parametrize("curve", [ec.SECP256K1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1])
def test_a_curve_that_no_policy_names_does_not_sign_and_is_named(curve: type[ec.EllipticCurve]) -> None:
    assert found(certificate(curve)) == ("key_weak", f"EC {curve.name}")


@pytest.mark.parametrize(
    "usages",
    [
        None,
        [ExtendedKeyUsageOID.EMAIL_PROTECTION],
        [ExtendedKeyUsageOID.CLIENT_AUTH],
        [OF_A_VENDOR],
        [ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION],
    ],
)
def test_who_signs_documents_may_say_what_else_he_does(usages: list[ObjectIdentifier] | None) -> None:
    assert found(certificate(usages=usages)) is None


@pytest.mark.parametrize(
    "usages",
    [
        [ExtendedKeyUsageOID.SERVER_AUTH],
        [ExtendedKeyUsageOID.CODE_SIGNING],
        [ExtendedKeyUsageOID.TIME_STAMPING],
        [ExtendedKeyUsageOID.OCSP_SIGNING],
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING],
    ],
)
def test_a_certificate_of_another_trade_alone_signs_no_document(usages: list[ObjectIdentifier]) -> None:
    assert found(certificate(usages=usages)) == ("certificate_usage", "")


def test_the_wire_profile_names_the_methods_that_the_gate_takes_and_no_other() -> None:
    text = (ROOT / "docs" / "wire-profile.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"Signature methods taken, and no other: ([^:]*):", text)
    assert set(re.findall(r"`([\w-]+)`", line)) == {method.partition("#")[2] for method in SIGNATURE_METHODS} | {
        "rsa-pss"
    }


def test_the_wire_profile_tells_how_many_certificates_are_read() -> None:
    text = (ROOT / "docs" / "wire-profile.md").read_text(encoding="utf-8")
    assert f"at most {MAX_CERTIFICATES} of at most {MAX_CERTIFICATE_TEXT:,} characters" in text


def test_the_wire_profile_names_the_curves_and_sizes_that_the_policy_takes() -> None:
    text = " ".join((ROOT / "docs" / "wire-profile.md").read_text(encoding="utf-8").split())
    policy = Algorithms()
    assert f"curves {', '.join(f'`{name}`' for name in sorted(policy.curves))}" in text
    assert f"at least {policy.rsa_bits} bits" in text
    assert f"Digests {', '.join(f'`{name}`' for name in sorted(policy.digests))}" in text
