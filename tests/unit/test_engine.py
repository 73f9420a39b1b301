"""The engine's contract: what plain signxml loses or lets through, and what stands in its place here.

These fail when a new signxml changes: then the repair in pipeline/engine.py can go, or must be made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import Certificate
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import SignXMLException

from adapter.pipeline.coverage import Coverage
from adapter.pipeline.engine import verified_bytes
from adapter.pipeline.references import Kind, Place, Reference
from adapter.pipeline.shape import Shape, shapes
from adapter.simulator.pki import Pki
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified

AT = datetime(2026, 3, 2, tzinfo=UTC)
ENVELOPE = Path(__file__).parents[2] / "fixtures/BQP0100001/accepted-tour-group-entering/message.xml"
PLACES = list(Place)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return shared_pki()


def _signed(pki: Pki, form: SignatureForm) -> bytes:
    party = pki.party
    return sign_message(
        ENVELOPE.read_bytes(), system=party("nsw"), declarant=party("enterprise"), form=form, qualified=qualified(pki)
    )


def _certificate(pki: Pki, place: Place) -> Certificate:
    return pki.party("nsw" if place is Place.SYSTEM else "enterprise").certificate


def _shape(tree: etree._Element, place: Place) -> Shape:
    return shapes(tree)[0][place]


def _stands(pki: Pki, tree: etree._Element, place: Place) -> bool:
    """Whether gate and engine let the signature pass."""
    found, _ = shapes(tree)
    return place in found and verified_bytes(found[place], _certificate(pki, place)) is not None


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", list(SignatureForm))
def test_every_form_a_genuine_sender_writes_verifies(pki: Pki, form: SignatureForm, place: Place) -> None:
    tree = etree.fromstring(_signed(pki, form))
    assert verified_bytes(_shape(tree, place), _certificate(pki, place)) is not None


def test_plain_signxml_still_loses_the_unprefixed_inclusive_form(pki: Pki) -> None:
    """If this fails, signxml has learnt it: the detached copy in `_Verifier._c14n` can go."""
    configuration = SignatureConfiguration(location="./SystemSignature/", verification_time=AT)
    with pytest.raises(SignXMLException):
        XMLVerifier().verify(
            _signed(pki, SignatureForm.DOTNET),
            x509_cert=_certificate(pki, Place.SYSTEM),
            validate_schema=False,
            expect_config=configuration,
        )


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_namespace_put_into_signed_content_breaks_the_signature(pki: Pki, place: Place) -> None:
    """The hole that signxml's switch `excise_empty_xmlns_declarations` opens stays shut."""
    raw = _signed(pki, SignatureForm.DOTNET).replace(b"<Content ", b'<Content xmlns:x="urn:x" ', 1)
    tree = etree.fromstring(raw)
    assert not _stands(pki, tree, place)
    shifted = _signed(pki, SignatureForm.DEFAULT).replace(b"<Content ", b'<Content xmlns="urn:x" ', 1)
    assert not _stands(pki, etree.fromstring(shifted), place)


@pytest.mark.parametrize("place", PLACES)
def test_text_behind_a_signature_loses_nobody(pki: Pki, place: Place) -> None:
    raw = _signed(pki, SignatureForm.DEFAULT)
    tree = etree.fromstring(raw.replace(b"</ds:Signature></Signature>", b"</ds:Signature>\n</Signature>"))
    if place is Place.DECLARANT:  # outside Content, so the declarant's signature does not cover it
        assert verified_bytes(_shape(tree, place), _certificate(pki, place)) is not None


@pytest.mark.parametrize("place", PLACES)
def test_another_partys_key_does_not_verify(pki: Pki, place: Place) -> None:
    tree = etree.fromstring(_signed(pki, SignatureForm.DEFAULT))
    assert verified_bytes(_shape(tree, place), pki.party("other-enterprise").certificate) is None


def test_verification_leaves_the_received_tree_as_it_was(pki: Pki) -> None:
    tree = etree.fromstring(_signed(pki, SignatureForm.DEFAULT))
    before = etree.tostring(tree)
    for place in PLACES:
        verified_bytes(_shape(tree, place), _certificate(pki, place))
    assert etree.tostring(tree) == before


def test_the_gate_names_each_signature_and_nothing_else(pki: Pki) -> None:
    found, findings = shapes(etree.fromstring(_signed(pki, SignatureForm.JAVA)))
    assert set(found) == set(Place)
    assert findings == []


def test_what_is_covered_follows_the_prefix_list_of_the_reference() -> None:
    """WSS4J, xml-crypto and ADFS-like senders write one: a namespace it names counts though nothing there uses it."""
    content = '<Content Id="content"><A/></Content>'
    tree = etree.fromstring(f'<Envelope xmlns:x="urn:x"><Body>{content}</Body></Envelope>')
    target = tree.find("Body/Content")
    assert target is not None
    plain = Reference(Kind.DATA, "#content", target, "http://www.w3.org/2001/10/xml-exc-c14n#", (), "")
    assert Coverage(tree).of(plain, Place.DECLARANT) == b'<Content Id="content"><A></A></Content>'
    named = replace(plain, prefixes=("x",))
    expected = b'<Content xmlns:x="urn:x" Id="content"><A></A></Content>'
    assert Coverage(tree).of(named, Place.DECLARANT) == expected
