"""What must be covered is put together from parts made once, and is byte for byte what the long way makes."""

from __future__ import annotations

import copy

import pytest
from lxml import etree

from adapter.pipeline.signature.algorithms import EXCLUSIVE
from adapter.pipeline.signature.coverage import Coverage, drop
from adapter.pipeline.signature.engine import holds, verified_bytes
from adapter.pipeline.signature.references import Place, Reference, ReferenceKind
from adapter.pipeline.signature.shape import shapes
from adapter.pipeline.xml import canonical
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.fixtures import load_cases
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified

MESSAGE = next(case.message for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")
ODD = (
    "<Envelope>a &amp; &lt;b&gt; &#13;<!-- c --> d\r\n<Header><Subject/>t</Header> <Body>\te"
    '<Content Id="i&quot;&gt;&amp;"><A b="2" a="1">x &gt; y</A><!-- c --></Content>f&#13;<Signature/>g</Body>h'
    "<SystemSignature>i<S/>j</SystemSignature>k</Envelope>"
)
NAMESPACES = {
    "unused on the root": ODD.replace("<Envelope>", '<Envelope xmlns:x="urn:x">'),
    "used in the content": ODD.replace("<A ", '<A xmlns="urn:a" xmlns:z="urn:z" z:q="1" '),
    "on the body": ODD.replace("<Body>", '<Body xmlns:y="urn:y">'),
    "on the place of the seal": ODD.replace("<SystemSignature>", '<SystemSignature xmlns:y="urn:y">'),
}


def _whole(tree: etree._Element, c14n: str | None) -> Reference:
    return Reference(ReferenceKind.DATA, "", tree, c14n, (), "")


def _long_way(tree: etree._Element, c14n: str | None) -> bytes:
    own = copy.deepcopy(tree)
    drop(own.find("SystemSignature/*"))
    return canonical(own, exclusive=c14n == EXCLUSIVE)


@pytest.mark.parametrize("c14n", [EXCLUSIVE, None])
@pytest.mark.parametrize("text", [ODD, *NAMESPACES.values()], ids=["plain", *NAMESPACES])
def test_the_envelope_put_together_is_the_envelope_made_at_once(text: str, c14n: str | None) -> None:
    tree = etree.fromstring(text)
    assert Coverage(tree).of(_whole(tree, c14n), Place.SYSTEM) == _long_way(tree, c14n)


@pytest.mark.parametrize("form", list(SignatureForm))
def test_whatever_a_genuine_message_signs_is_made_byte_for_byte(form: SignatureForm) -> None:
    pki = shared_pki()
    who = {"system": pki.party("nsw"), "declarant": pki.party("enterprise")}
    tree = etree.fromstring(sign_message(MESSAGE, **who, form=form, qualified=qualified(pki)))
    found, _ = shapes(tree)
    coverage = Coverage(tree)
    assert set(found) == {Place.DECLARANT, Place.SYSTEM}
    for place, shape in found.items():
        assert shape.references
        for reference in shape.references:
            if place is Place.SYSTEM:
                assert coverage.of(reference, place) == _long_way(tree, reference.c14n)
            else:
                alone = etree.fromstring(etree.tostring(reference.target, with_tail=False))
                assert coverage.of(reference, place) == canonical(alone, exclusive=reference.c14n == EXCLUSIVE)


@pytest.mark.parametrize("form", list(SignatureForm))
def test_a_good_signature_holds_only_over_exactly_what_it_must_cover(form: SignatureForm) -> None:
    """Each reference has a proof of its own; a good signature over anything else is worth nothing here."""
    pki = shared_pki()
    who = {"system": pki.party("nsw"), "declarant": pki.party("enterprise")}
    tree = etree.fromstring(sign_message(MESSAGE, **who, form=form, qualified=qualified(pki)))
    coverage = Coverage(tree)
    found, _ = shapes(tree)
    assert set(found) == {Place.DECLARANT, Place.SYSTEM}
    for place, shape in found.items():
        certificate = who["system" if place is Place.SYSTEM else "declarant"].certificate
        covered = {reference.uri: coverage.of(reference, place) for reference in shape.references}
        assert holds(shape, certificate, covered=covered)
        assert verified_bytes(shape, certificate) is not None
        for uri, must in covered.items():
            assert not holds(shape, certificate, covered=covered | {uri: must + b" "})


@pytest.mark.parametrize("text", [ODD, *NAMESPACES.values()], ids=["plain", *NAMESPACES])
def test_what_a_message_says_is_its_exclusive_form_without_signatures_and_id(text: str) -> None:
    tree = etree.fromstring(text)
    coverage = Coverage(tree)
    coverage.of(_whole(tree, None), Place.SYSTEM)  # the parts that were made inclusive are not mistaken for exclusive
    own = copy.deepcopy(tree)
    drop(own.find("SystemSignature"))
    drop(own.find("Body/Signature"))
    content = own.find("Body/Content")
    assert content is not None
    del content.attrib["Id"]
    assert coverage.said() == canonical(own)


def test_making_it_leaves_the_received_tree_as_it_was() -> None:
    tree = etree.fromstring(ODD)
    coverage = Coverage(tree)
    coverage.of(_whole(tree, EXCLUSIVE), Place.SYSTEM)
    coverage.said()
    assert etree.tostring(tree) == etree.tostring(etree.fromstring(ODD))
