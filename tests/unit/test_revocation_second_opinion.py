"""The test PKI's lists, read by us and by certvalidator: two implementations, one verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError

from adapter.gateways.keys.pem_files import load_folder
from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Moments, RevocationRules, Store, Trust
from adapter.pipeline.trust.crl import check_crl, crl_answer, read_crl
from adapter.pipeline.trust.revocation import RevocationAnswer
from tests.harness.pki import shared_pki

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("party", "finding"),
    [
        ("enterprise", None),
        ("enterprise-ec", None),
        ("body", None),
        ("revoked", "certificate_revoked"),
        ("suspended", "certificate_suspended"),
        ("revoked-later", None),
    ],
)
def test_another_implementation_reads_the_lists_alike(party: str, finding: str | None) -> None:
    world = "government" if party == "body" else "public"
    pki = shared_pki()
    lists = [file.read_bytes() for file in sorted(pki.crls(world).glob("*.crl"))]
    chain, anchors = pki.party(party).chain, load_folder(pki.anchors(world), must_hold=True)
    assert (_ours(world, anchors, chain, lists), _theirs(anchors, chain, lists)) == (finding, finding is not None)


def _ours(
    world: str, anchors: tuple[x509.Certificate, ...], chain: Sequence[x509.Certificate], lists: Sequence[bytes]
) -> str | None:
    def evidence(certificate: x509.Certificate, issuer: x509.Certificate, *, store: str) -> list[RevocationAnswer]:
        assert store == world
        found = [crl for crl in map(read_crl, lists) if crl.issuer == issuer.subject]
        for crl in found:
            check_crl(crl, issuer)
        return [crl_answer(crl, certificate, issuer) for crl in found]

    stores = {world: Store(world, anchors, (), revocation=RevocationRules())}
    verdict = Trust((), stores, evidence).validate(
        chain, stores=[world], role=SignerRole.DECLARANT, moments=Moments(AT), pointer=""
    )
    return verdict.findings[0].name if verdict.findings else None


def _theirs(anchors: Sequence[x509.Certificate], chain: Sequence[x509.Certificate], lists: Sequence[bytes]) -> bool:
    """Whether certvalidator calls it revoked; it must be able to tell."""
    leaf, *others = map(_asn1, chain)
    context = ValidationContext(
        trust_roots=list(map(_asn1, anchors)),
        other_certs=others,
        crls=lists,
        moment=AT,
        revocation_mode="require",
        retroactive_revinfo=True,
    )
    try:
        asyncio.run(CertificateValidator(leaf, validation_context=context).async_validate_path())
    except RevokedError:
        return True
    return False


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
