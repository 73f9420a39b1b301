"""The one function that asks signxml, with its measured losses repaired.

What signxml 5.2 loses, and what stands here instead:
1. an unprefixed Signature under inclusive C14N: a node is canonicalised from a detached, re-parsed copy of itself;
   the documented switch `excise_empty_xmlns_declarations` is a forgery hole and stays off;
2. InclusiveNamespaces in CanonicalizationMethod: `validate_schema` is off, `pipeline/shape` is the structural check;
3. text behind a signature: a node is serialised without its tail.
tests/unit/test_engine.py fails when a new signxml no longer needs, or no longer takes, one of these.
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
    """signxml over its own copy of a tree that has passed our parser and gates. One object per signature: it keeps state.

    signxml protects its caller's tree by writing and parsing it again before each step. Here it gets one copy, which is
    its own to change, so those steps hand the nodes on as they are; only what C14N needs detached is copied again.
    """

    id_attributes = ("Id",)

    def get_root(self, data: Any) -> Any:
        return copy.deepcopy(data)

    def _tostring(self, xml_node: Any, **kwargs: Any) -> Any:
        return xml_node

    def _fromstring(self, xml_string: Any, **kwargs: Any) -> Any:
        if not isinstance(xml_string, bytes):
            return xml_string
        if xml_string.startswith(_CONTENT):
            return None  # what was signed: the caller parses those bytes himself, once
        return super()._fromstring(xml_string, **kwargs)

    def _c14n(self, nodes: Any, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: Any = None) -> bytes:
        # Exclusive C14N of a subtree is right where it stands (shown by tests/unit/test_engine.py); with inclusive
        # C14N or prefixes the namespaces above count, and lxml needs the node detached.
        if nodes.getparent() is not None and (algorithm is not _EXCLUSIVE or inclusive_ns_prefixes):
            nodes = etree.fromstring(etree.tostring(nodes, with_tail=False))
        return super()._c14n(nodes, algorithm, inclusive_ns_prefixes)

    def _resolve_reference(self, doc_root: Any, reference: Any, uri_resolver: Any = None) -> Any:
        uri = reference.get("URI")
        if not uri:
            return super()._resolve_reference(doc_root, reference)
        bearers = _BEARERS(doc_root, id=uri.removeprefix("#"))
        if len(bearers) != 1:
            raise InvalidInput(f"the reference finds {len(bearers)} elements")
        return bearers[0]


def verified_bytes(tree: etree._Element, place: Place, certificate: x509.Certificate, at: datetime) -> bytes | None:
    """The canonical bytes that the signature at `place` signs with the certificate's key, or None if it does not."""
    configuration = SignatureConfiguration(
        location=f"./{place.value}/",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=at,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    try:
        result = _Verifier().verify(tree, x509_cert=certificate, validate_schema=False, expect_config=configuration)
    except (SignXMLException, ValueError, TypeError, AttributeError, KeyError, etree.LxmlError):
        # Whatever an engine stumbles over in a signature's details is a signature that does not hold.
        return None
    if isinstance(result, list):
        return None
    return result.signed_data
