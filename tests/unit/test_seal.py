"""What we sign: in its place, without a copy, and so that others read it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import SignXMLException

from adapter.pipeline.signature.algorithms import ds
from adapter.pipeline.signature.seal import SigningKey, seal_envelope, signing_key, written
from tests.harness.pki import shared_pki

_PLAIN = b"<Envelope><Header/><Body><Content>\xc4\x90o\xc3\xa0n</Content></Body></Envelope>"
_SEALED_BEFORE = _PLAIN.replace(b"</Envelope>", b"<SystemSignature>x<Old/></SystemSignature></Envelope>")


@pytest.fixture(scope="module")
def system() -> SigningKey:
    party = shared_pki().party("system")
    return signing_key("system", party.key, [party.certificate])


def _verified(body: bytes, system: SigningKey) -> object:
    certificate = shared_pki().party("system").certificate
    expected = SignatureConfiguration(
        location="./SystemSignature/", verification_time=datetime.now(UTC), signature_methods=frozenset({system.method})
    )
    return XMLVerifier().verify(body, x509_cert=certificate, validate_schema=True, expect_config=expected)


@pytest.mark.parametrize("envelope", [_PLAIN, _SEALED_BEFORE])
def test_it_stands_alone_in_its_place_and_covers_everything_else(system: SigningKey, envelope: bytes) -> None:
    body = written(seal_envelope(etree.fromstring(envelope), system=system))
    places = [[child.tag for child in place] for place in etree.fromstring(body).iter("SystemSignature")]
    assert places == [[ds("Signature")]]
    assert _verified(body, system)
    for signed, other in ((b"<Header/>", b"<Header>x</Header>"), (b"n</Content>", b"m</Content>")):
        assert signed in body
        with pytest.raises(SignXMLException):
            _verified(body.replace(signed, other), system)


def test_the_tree_is_signed_itself_and_no_copy_of_it(system: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, copied = etree.fromstring(_PLAIN), list[object]()

    def noted(element: etree._Element, memo: object = None) -> object:
        copied.append(element.tag)
        return type(element).__copy__(element)

    monkeypatch.setattr(copy, "deepcopy", noted)
    assert seal_envelope(tree, system=system) is tree
    assert copied == [ds("KeyInfo")]
