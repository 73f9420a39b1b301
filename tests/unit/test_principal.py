"""Who may speak for whom, and where a certificate names its holder."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from adapter.pipeline.principal import Representation
from adapter.pipeline.trust.holder import NumberPlace, head_of, numbers, plain
from tests.harness.pki import shared_pki

PLACES = (
    NumberPlace("uid", ("MST:", "CCCD:")),
    NumberPlace("organization_identifier", ("VATVN-",)),
    NumberPlace("serial_number", ("PNOVN-",)),
)
HEAD, BRANCH = "0100109106", "0100109106-001"


@pytest.mark.parametrize(
    ("party", "expected"),
    [("enterprise", (HEAD,)), ("branch", (BRANCH,)), ("e-seal", (HEAD,)), ("citizen", ("001085012345",)), ("body", ())],
)
def test_a_holders_number_is_read_from_the_places_configured(party: str, expected: tuple[str, ...]) -> None:
    assert numbers(shared_pki().party(party).certificate, PLACES) == expected


def test_a_place_that_is_not_configured_names_nobody() -> None:
    assert numbers(shared_pki().party("e-seal").certificate, PLACES[:1]) == ()
    assert numbers(shared_pki().party("enterprise").certificate, (NumberPlace("uid", ("CCCD:",)),)) == ()


def test_a_person_in_an_enterprise_has_both_numbers_in_the_order_of_the_places() -> None:
    names = [(NameOID.SERIAL_NUMBER, "PNOVN-001085012345"), (NameOID.USER_ID, "mst:0100109106001")]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])

    class Certificate:
        pass

    certificate = Certificate()
    certificate.subject = subject  # type: ignore[attr-defined]
    assert numbers(certificate, PLACES) == (BRANCH, "001085012345")  # type: ignore[arg-type]


def test_a_branchs_number_has_one_spelling() -> None:
    assert plain(" 0100109106001 ") == plain(BRANCH) == BRANCH
    assert head_of(BRANCH) == HEAD
    assert head_of(HEAD) is None
    assert head_of("001085012345") is None


@pytest.mark.parametrize(
    ("signer", "principal", "may"),
    [(HEAD, HEAD, True), (HEAD, BRANCH, True), (BRANCH, HEAD, False), (BRANCH, "0100109106-002", False)],
)
def test_an_enterprise_speaks_for_its_branch_and_not_the_other_way_round(
    signer: str, principal: str, may: bool
) -> None:
    assert Representation().speaks([signer], principal) is may


def test_a_head_does_not_speak_for_its_branches_where_that_is_switched_off() -> None:
    assert not Representation(head_for_branches=False).speaks([HEAD], BRANCH)
