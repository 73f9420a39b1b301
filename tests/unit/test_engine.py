"""The engine's contract: what plain signxml loses or lets through, and what stands in its place here.

These fail when a new signxml changes: then the repair in pipeline/signature/engine.py can go, or must be made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import Certificate
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import SignXMLException
from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier

from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.engine import holds, verified_bytes
from adapter.pipeline.signature.references import OF_ENVELOPE, Place, Reference, ReferenceKind
from adapter.pipeline.signature.shape import Shape, shapes
from adapter.simulator.pki import Pki
from adapter.simulator.sign import SignatureForm, sign_message
from adapter.simulator.xades import complete
from adapter.simulator.xmldsig import DS, EXCLUSIVE, INCLUSIVE
from tests.harness.attacks.forge import Forgery, forge
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified

AT = datetime(2026, 3, 2, tzinfo=UTC)
ENVELOPE = Path(__file__).parents[2] / "fixtures/BQP0100001/accepted-tour-group-entering/message.xml"
PLACES = list(OF_ENVELOPE)


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


def test_what_the_gate_has_found_is_not_searched_for_again(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does signxml write the key as PEM for each reference."""
    tree = etree.fromstring(_signed(pki, SignatureForm.DEFAULT))
    found, covered = shapes(tree)[0], Coverage(tree)
    searched: list[object] = []
    monkeypatch.setattr(XMLVerifier, "_get_signature", lambda self, root: searched.append(root))
    told: list[object] = []
    judged: Any = XMLVerifier._verify_reference

    def noted(verifier: XMLVerifier, *said: object) -> object:
        told.append(said[-1])
        return judged(verifier, *said)

    monkeypatch.setattr(XMLVerifier, "_verify_reference", noted)
    for place in PLACES:
        bytes_of = {each.uri: covered.of(each, place) for each in found[place].references}
        assert holds(found[place], _certificate(pki, place), covered=bytes_of)
        assert not holds(found[place], _certificate(pki, place), covered=dict.fromkeys(bytes_of, b"<Other/>"))
    assert not searched
    assert set(told) == {b""}


def test_the_gate_names_each_signature_and_nothing_else(pki: Pki) -> None:
    found, findings = shapes(etree.fromstring(_signed(pki, SignatureForm.JAVA)))
    assert set(found) == set(OF_ENVELOPE)
    assert findings == []


def test_what_is_covered_follows_the_prefix_list_of_the_reference() -> None:
    """WSS4J, xml-crypto and ADFS-like senders write one: a namespace it names counts though nothing there uses it."""
    content = '<Content Id="content"><A/></Content>'
    tree = etree.fromstring(f'<Envelope xmlns:x="urn:x"><Body>{content}</Body></Envelope>')
    target = tree.find("Body/Content")
    assert target is not None
    plain = Reference(ReferenceKind.DATA, "#content", target, "http://www.w3.org/2001/10/xml-exc-c14n#", (), "")
    assert Coverage(tree).of(plain, Place.DECLARANT) == b'<Content Id="content"><A></A></Content>'
    named = replace(plain, prefixes=("x",))
    expected = b'<Content xmlns:x="urn:x" Id="content"><A></A></Content>'
    assert Coverage(tree).of(named, Place.DECLARANT) == expected


# -- what plain signxml loses, lets through or leaves open: the reason for each repair and each gate of ours ----------


def _plainly(raw: bytes, pki: Pki, **said: object) -> object:
    configuration = SignatureConfiguration(location="./Body/Signature/", verification_time=AT)
    return XMLVerifier().verify(
        raw,
        x509_cert=_certificate(pki, Place.DECLARANT),
        expect_config=configuration,
        **said,  # type: ignore[arg-type]
    )


def _forged(pki: Pki, **said: object) -> bytes:
    return forge(ENVELOPE.read_bytes(), Forgery(place="Body/Signature", signer="enterprise", **said), pki)  # type: ignore[arg-type]


def test_plain_signxml_still_loses_prefixes_named_in_the_canonicalization_method(pki: Pki) -> None:
    """If this fails, its schema has learnt them, and `validate_schema` may be thought about again."""
    raw = sign_message(ENVELOPE.read_bytes(), system=None, declarant=pki.party("enterprise"))
    tree = etree.fromstring(raw)
    method = tree.find(f"Body/Signature/{{{DS}}}Signature/{{{DS}}}SignedInfo/{{{DS}}}CanonicalizationMethod")
    assert method is not None
    etree.SubElement(method, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList="x", nsmap={"ec": EXCLUSIVE})
    complete(tree.find(f"Body/Signature/{{{DS}}}Signature"), pki.party("enterprise").key)  # type: ignore[arg-type]
    with pytest.raises(etree.DocumentInvalid):
        _plainly(etree.tostring(tree), pki)
    assert _stands(pki, tree, Place.DECLARANT)


def test_plain_signxml_still_loses_text_behind_a_signature(pki: Pki) -> None:
    raw = sign_message(ENVELOPE.read_bytes(), system=None, declarant=pki.party("enterprise"))
    text = raw.replace(b"</ds:Signature></Signature>", b"</ds:Signature>text</Signature>")
    assert text != raw
    with pytest.raises(etree.XMLSyntaxError):
        _plainly(text, pki)
    assert _stands(pki, etree.fromstring(text), Place.DECLARANT)


@pytest.mark.parametrize("where", ["Signature", "SignedInfo"])
def test_an_inherited_language_is_refused_by_code_and_not_lost(pki: Pki, where: str) -> None:
    """Inclusive C14N of SignedInfo would carry xml:lang down; lxml does not (loss 4)."""
    tree = etree.fromstring(_forged(pki, canonicalization=INCLUSIVE))
    element = next(tree.iter(f"{{{DS}}}{where}"))
    element.set("{http://www.w3.org/XML/1998/namespace}lang", "vi")
    _, findings = shapes(tree)
    assert [(finding.name, finding.words["what"]) for finding in findings] == [
        ("signature_structure", f"{where}/@lang")
    ]


@pytest.mark.parametrize(
    "method",
    [
        "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1",
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    ],
)
def test_algorithms_that_the_profile_does_not_have_are_refused_by_name(pki: Pki, method: str) -> None:
    _, findings = shapes(etree.fromstring(_forged(pki, method=method)))
    assert [(finding.name, finding.words["value"]) for finding in findings] == [("algorithm_forbidden", method)]


@pytest.mark.parametrize("junk", ["!!", "A" * 5 + "=" * 3, "\u00e0"])
def test_junk_in_base64_is_refused_though_a_decoder_drops_it(pki: Pki, junk: str) -> None:
    """Or one signature would have endlessly many spellings."""
    tree = etree.fromstring(_signed(pki, SignatureForm.DEFAULT))
    value = next(tree.iter(f"{{{DS}}}SignatureValue"))
    value.text = junk + (value.text or "")
    _, findings = shapes(tree)
    assert [finding.words["what"] for finding in findings] == ["SignatureValue"]


def test_what_signxmls_own_xades_verifier_lets_through_is_the_reason_for_ours(pki: Pki) -> None:
    """A time in 2099, and a Target that is another signature's: if this fails, look whether it may be used."""
    how = qualified(pki, at=datetime(2099, 1, 1, tzinfo=UTC))
    raw = sign_message(
        ENVELOPE.read_bytes(),
        system=None,
        declarant=pki.party("enterprise"),
        form=SignatureForm.XADES_BES,
        qualified=how,
    ).replace(b'Target="#declarant-signature"', b'Target="#another"')
    configuration = XAdESSignatureConfiguration(location="./Body/Signature/", verification_time=AT, expect_references=3)
    assert XAdESVerifier().verify(raw, x509_cert=_certificate(pki, Place.DECLARANT), expect_config=configuration)
    _, findings = shapes(etree.fromstring(raw))
    assert [(finding.name, finding.words["what"]) for finding in findings] == [
        ("xades_structure", "QualifyingProperties/@Target")
    ]
