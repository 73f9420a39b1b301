"""The one function that asks signxml, with its measured losses repaired.

What signxml 5.2 loses, and what stands here instead:
1. an unprefixed Signature under inclusive C14N: a node is canonicalised from a detached, re-parsed copy of itself;
   the documented switch `excise_empty_xmlns_declarations` is a forgery hole and stays off;
2. InclusiveNamespaces in CanonicalizationMethod: `validate_schema` is off, `shape` is the structural check;
3. text behind a signature: a node is serialised without its tail.
tests/unit/test_engine.py fails when a new signxml no longer needs, or no longer takes, one of these.

And what it does twice: it writes and parses the whole tree before each step, to protect its caller. On the way of a
genuine message it is handed the canonical bytes that must be covered, and says whether the signature is over them.
Dates, chains and purposes of certificates are the question of pipeline/trust; here only the key is asked.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography import x509
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import InvalidInput

from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.signature.algorithms import ds
from adapter.pipeline.signature.references import ReferenceKind
from adapter.pipeline.signature.shape import Shape
from adapter.pipeline.xml import OWN

logging.getLogger("signxml").setLevel(logging.INFO)  # its DEBUG prints canonical content: personal data

_EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_BEARERS = etree.XPath("//*[@*[local-name() = 'Id' and . = $id]]")
"""Elements that bear an Id. (From the attributes up again, `//@*/..`, would cost n² of those that bear it.)"""


class _Verifier(XMLVerifier):
    """signxml over a tree that has passed our own parser and gates. One object per signature: it keeps state.

    `covered`: what each reference (by URI) must have been made from. Without it signxml makes that from its own copy.
    """

    id_attributes = ("Id",)
    _default_parser = OWN  # of SignedInfo, once its canonical form is made

    def __init__(self, shape: Shape, covered: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self._covered = covered
        self._signature = shape.signature
        self._method = etree.Element(ds("SignatureMethod"), Algorithm=shape.method)

    def _get_signature(self, root: Any) -> Any:
        # The gate has found it in its place; in a copy it is looked for anew.
        return self._signature if self._covered is not None else super()._get_signature(root)  # type: ignore[no-untyped-call]

    def get_root(self, data: Any) -> Any:
        return copy.deepcopy(data) if self._covered is None else data

    def _find(self, element: Any, query: str, require: bool = True, xpath: str = "") -> Any:
        # Asked twenty times a signature: a tag is found directly, without a prefix and its table.
        if query == "SignatureMethod":  # as the gate read it: signxml knows RSA-PSS by its short names only
            return self._method
        if xpath or ":" in query:
            return super()._find(element, query, require=require, xpath=xpath)  # type: ignore[no-untyped-call]
        found = element.find(ds(query))
        if found is None and require:
            raise InvalidInput(f"there is no {query}")
        return found

    def _check_cert_validity(self, cert: x509.Certificate, cert_source: str) -> None:
        """Left to pipeline/trust, which knows at which times a signature is judged."""

    def _tostring(self, xml_node: Any, **kwargs: Any) -> Any:
        return xml_node  # what follows is always a parse: together they are a copy, and `get_root` has made one

    def _fromstring(self, xml_string: Any, **kwargs: Any) -> Any:
        # Of bytes only SignedInfo is read here: what was signed the caller parses himself, once.
        if not isinstance(xml_string, bytes):
            return xml_string
        if self._covered is not None and any(xml_string is each for each in self._covered.values()):
            return None
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
        if self._covered is not None:
            return self._covered[uri]
        if not uri:
            return super()._resolve_reference(doc_root, reference)  # type: ignore[no-untyped-call]
        bearers = _BEARERS(doc_root, id=uri.removeprefix("#"))
        if len(bearers) != 1:
            raise InvalidInput(f"the reference finds {len(bearers)} elements")
        return bearers[0]

    def _verify_reference(self, *said: Any) -> Any:
        # Last among them is the key, which it would write as PEM for each reference; nobody here asks by which key.
        return super()._verify_reference(*said[:-1], b"")  # type: ignore[no-untyped-call, call-arg]

    def _apply_transforms(self, payload: Any, *, transforms_node: Any, signature: Any) -> Any:
        if self._covered is not None:
            return payload
        return super()._apply_transforms(payload, transforms_node=transforms_node, signature=signature)


def holds(shape: Shape, certificate: x509.Certificate, *, covered: Mapping[str, bytes]) -> bool:
    """Whether the signature is the key's, over exactly the bytes `covered`: by each reference's URI.

    The caller has proved that each URI refers to what those bytes are the canonical form of (`coverage`).
    """
    return _verified(_Verifier(shape, covered), shape, certificate) is not None


def verified_bytes(shape: Shape, certificate: x509.Certificate) -> bytes | None:
    """The canonical bytes that the signature signs as its data with the certificate's key, or None if it does not."""
    results = _verified(_Verifier(shape), shape, certificate)
    return None if results is None else results[[each.kind for each in shape.references].index(ReferenceKind.DATA)]


def _verified(verifier: _Verifier, shape: Shape, certificate: x509.Certificate) -> list[bytes] | None:
    """What each reference signs, in their order. The algorithms are those the gate saw and let pass."""
    digests = frozenset(reference.digest for reference in shape.references)
    configuration = _expected(shape.place.value, len(shape.references), shape.method, digests)
    tree = shape.signature.getroottree().getroot()
    try:
        with strange_text():
            result = verifier.verify(tree, x509_cert=certificate, validate_schema=False, expect_config=configuration)
    except Unprocessable:  # whatever an engine stumbles over in a signature's details is one that does not hold
        return None
    return [each.signed_data for each in (result if isinstance(result, list) else [result])]


@lru_cache(maxsize=64)
def _expected(place: str, references: int, method: str, digests: frozenset[str]) -> SignatureConfiguration:
    return SignatureConfiguration(
        location=f"./{place}/",
        expect_references=references,
        signature_methods=frozenset({SignatureMethod(method)}),
        digest_algorithms=frozenset(map(DigestAlgorithm, digests)),
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
