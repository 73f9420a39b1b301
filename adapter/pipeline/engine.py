"""The one function that asks signxml, with its measured losses repaired.

What signxml 5.2 loses, and what stands here instead:
1. an unprefixed Signature under inclusive C14N: a node is canonicalised from a detached, re-parsed copy of itself;
   the documented switch `excise_empty_xmlns_declarations` is a forgery hole and stays off;
2. InclusiveNamespaces in CanonicalizationMethod: `validate_schema` is off, `pipeline/shape` is the structural check;
3. text behind a signature: a node is serialised without its tail.
tests/unit/test_engine.py fails when a new signxml no longer needs, or no longer takes, one of these.

And what it does twice: it writes and parses the whole tree before each step, to protect its caller. On the way of a
genuine message it is handed the canonical bytes that must be covered, and says whether the signature is over them.
"""

from __future__ import annotations

import copy
import logging
from datetime import datetime
from typing import Any

from cryptography import x509
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import InvalidInput, SignXMLException

from adapter.pipeline.shape import DIGESTS, SIGNATURE_METHODS, Place

logging.getLogger("signxml").setLevel(logging.INFO)  # its DEBUG prints canonical content: personal data

_METHODS = frozenset(SignatureMethod(uri) for uri in SIGNATURE_METHODS)
_DIGESTS = frozenset(DigestAlgorithm(uri) for uri in DIGESTS)
_EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_CONTENT = (b"<Envelope>", b"<Envelope ", b"<Content>", b"<Content ")
"""How the canonical form of the two elements that can be signed begins; SignedInfo never begins so."""
_BEARERS = etree.XPath("//@*[local-name() = 'Id' and . = $id]/..")
"""Elements that bear an Id: attributes first, since a message has thousands of elements and few attributes."""


class _Verifier(XMLVerifier):
    """signxml over a tree that has passed our own parser and gates. One object per signature: it keeps state.

    `covered`: what the one reference must have been made from. Without it signxml makes that from its own copy.
    """

    id_attributes = ("Id",)

    def __init__(self, covered: bytes | None = None) -> None:
        super().__init__()
        self._covered = covered

    def get_root(self, data: Any) -> Any:
        return copy.deepcopy(data) if self._covered is None else data

    def _tostring(self, xml_node: Any, **kwargs: Any) -> Any:
        return xml_node  # what follows is always a parse: together they are a copy, and `get_root` has made one

    def _fromstring(self, xml_string: Any, **kwargs: Any) -> Any:
        if not isinstance(xml_string, bytes):
            return xml_string
        if xml_string.startswith(_CONTENT):
            return None  # what was signed: the caller parses those bytes himself, once
        return super()._fromstring(xml_string, **kwargs)  # type: ignore[no-untyped-call]

    def _c14n(self, nodes: Any, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: Any = None) -> bytes:
        # Exclusive C14N of a subtree is right where it stands. With inclusive C14N or with prefixes the namespaces
        # above count, and lxml needs the node detached.
        if nodes.getparent() is not None and (algorithm is not _EXCLUSIVE or inclusive_ns_prefixes):
            nodes = super()._fromstring(etree.tostring(nodes, with_tail=False))  # type: ignore[no-untyped-call]
        canonical: bytes = super()._c14n(nodes, algorithm, inclusive_ns_prefixes)
        return canonical

    def _resolve_reference(self, doc_root: Any, reference: Any, uri_resolver: Any = None) -> Any:
        uri = reference.get("URI")
        if not uri:
            return super()._resolve_reference(doc_root, reference)  # type: ignore[no-untyped-call]
        bearers = _BEARERS(doc_root, id=uri.removeprefix("#"))
        if len(bearers) != 1:
            raise InvalidInput(f"the reference finds {len(bearers)} elements")
        return bearers[0]

    def _apply_transforms(self, payload: Any, *, transforms_node: Any, signature: Any) -> Any:
        if self._covered is not None:
            return self._covered
        return super()._apply_transforms(payload, transforms_node=transforms_node, signature=signature)


def holds(tree: etree._Element, place: Place, certificate: x509.Certificate, at: datetime, *, covered: bytes) -> bool:
    """Whether the signature at `place` is the key's, over exactly the bytes `covered`.

    The caller has proved that the signature refers to what `covered` is the canonical form of (pipeline/shape).
    """
    return _verified(_Verifier(covered), tree, place, certificate, at) is not None


def verified_bytes(tree: etree._Element, place: Place, certificate: x509.Certificate, at: datetime) -> bytes | None:
    """The canonical bytes that the signature at `place` signs with the certificate's key, or None if it does not."""
    return _verified(_Verifier(), tree, place, certificate, at)


def _verified(
    verifier: _Verifier, tree: etree._Element, place: Place, certificate: x509.Certificate, at: datetime
) -> bytes | None:
    configuration = SignatureConfiguration(
        location=f"./{place.value}/",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=at,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    try:
        result = verifier.verify(tree, x509_cert=certificate, validate_schema=False, expect_config=configuration)
    except (SignXMLException, ValueError, TypeError, AttributeError, KeyError, etree.LxmlError):
        # Whatever an engine stumbles over in a signature's details is a signature that does not hold.
        return None
    if isinstance(result, list):
        return None
    return result.signed_data
