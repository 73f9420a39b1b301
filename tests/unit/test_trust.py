"""Two trust worlds, never mixed; chains to configured anchors at a point in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from adapter.gateways.keys.pem_files import load_folder
from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Moments, Store, Trust, Verdict
from adapter.pipeline.trust.holder import NumberPlace
from adapter.simulator.pki import Pki
from tests.harness.pki import shared_pki

AT = datetime(2026, 3, 2, tzinfo=UTC)
PLACE = "/Envelope/Body/Signature"


@pytest.fixture(scope="module")
def pki() -> Pki:
    return shared_pki()


@pytest.fixture
def trust(pki: Pki) -> Trust:
    stores = {
        world: Store(
            world,
            load_folder(pki.anchors(world), must_hold=True),
            load_folder(pki.intermediates(world), must_hold=False),
        )
        for world in ("public", "government")
    }
    return Trust(partners=(), stores=stores, places=(NumberPlace("uid", ("MST:", "CCCD:")),))


def _judge(trust: Trust, chain: tuple[x509.Certificate, ...], *stores: str, at: datetime = AT) -> Verdict:
    return trust.validate(
        chain, stores=stores or ("public",), role=SignerRole.DECLARANT, moments=Moments(at), pointer=PLACE
    )


def _name(verdict: Verdict) -> str:
    return ", ".join(finding.name for finding in verdict.findings) or "trusted"


@pytest.mark.parametrize(
    ("party", "expected"),
    [
        ("enterprise", "trusted"),
        ("enterprise-ec", "trusted"),
        ("nonrepudiation", "trusted"),
        ("body", "store_forbidden"),
        ("stranger", "certificate_untrusted"),
        ("self-signed", "certificate_untrusted"),
        ("expired", "certificate_expired"),
        ("not-yet", "certificate_expired"),
        ("wrong-usage", "certificate_usage"),
        ("weak", "key_weak"),
    ],
)
def test_a_declarants_certificate_is_judged_for_what_it_is(trust: Trust, pki: Pki, party: str, expected: str) -> None:
    assert _name(_judge(trust, tuple(pki.party(party).chain))) == expected


def test_a_state_body_may_chain_to_the_governments_store_where_the_policy_says_so(trust: Trust, pki: Pki) -> None:
    result = _judge(trust, tuple(pki.party("body").chain), "public", "government")
    assert result.signer is not None
    assert result.signer.store == "government"


def test_an_intermediate_that_the_sender_left_out_is_found_among_ours(trust: Trust, pki: Pki) -> None:
    assert _name(_judge(trust, (pki.party("enterprise").certificate,))) == "trusted"


def test_a_chain_found_once_is_not_valid_for_ever(trust: Trust, pki: Pki) -> None:
    chain = tuple(pki.party("enterprise").chain)
    assert _name(_judge(trust, chain)) == "trusted"
    after = max(certificate.not_valid_after_utc for certificate in chain) + timedelta(days=1)
    assert _name(_judge(trust, chain, at=after)) == "certificate_expired"


def test_the_tax_code_is_read_from_the_subject(trust: Trust, pki: Pki) -> None:
    result = _judge(trust, tuple(pki.party("enterprise").chain))
    assert result.signer is not None
    assert result.signer.numbers == ("0100109106",)
