"""Sealing: a reply's XML to final signed bytes (wire profile 2). The private key stays in the key object."""

from __future__ import annotations

import copy
import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
    SignatureReference,
    XMLSigner,
)

from adapter.model.identifiers import Digest
from adapter.model.outcomes import Reply, SignedReply
from adapter.pipeline.signature.algorithms import DS, ds
from adapter.pipeline.xml import reparsed


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of our keys with its certificates, leaf first.

    `key` is loaded once: anything with the `sign` and `key_size` of a cryptography private key, so that a key in a
    hardware module serves as well (signxml calls nothing else of it).
    """

    name: str
    key: Any
    method: SignatureMethod
    key_info: etree._Element
    """The certificates as they are written into each signature: leaf, then intermediates."""


def signing_key(name: str, key: Any, chain: Sequence[x509.Certificate]) -> SigningKey:
    """Choose the signature method by the kind of key; SHA-256 in either case."""
    elliptic = hasattr(key, "curve")
    return SigningKey(
        name=name,
        key=key,
        method=SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256,
        key_info=_key_info(chain),
    )


def _key_info(chain: Sequence[x509.Certificate]) -> etree._Element:
    """Made once: signxml would parse and write the certificates anew for every signature."""
    info = etree.Element(ds("KeyInfo"), nsmap={"ds": DS})
    data = etree.SubElement(info, ds("X509Data"))
    for certificate in chain:
        der = certificate.public_bytes(Encoding.DER)
        etree.SubElement(data, ds("X509Certificate")).text = b64encode(der).decode()
    return info


class _Signer(XMLSigner):
    """signxml without the copies that protect its caller's tree: ours is made to be signed. One object per signature.

    An enveloped signature is made beside the tree: what is to be signed has no signature in it, and need not be
    searched for its place. The caller puts it there.
    """

    made: etree._Element

    def _ds_tag(self, tag: str) -> str:
        return ds(tag)  # asked ten times a signature, where the prefix is always the same

    def _unpack(self, data: Any, references: Any) -> Any:
        if references is not None:
            return super()._unpack(data, references)
        self.made = etree.Element(ds("Signature"), nsmap={"ds": DS})
        return self.made, data, [data], [SignatureReference(URI="")]

    def get_root(self, data: Any) -> Any:
        # Only a root's copy has all namespaces that are in scope.
        if data.getparent() is None:
            return copy.deepcopy(data)
        return super().get_root(data)  # type: ignore[no-untyped-call]


def seal(reply: Reply, *, system: SigningKey) -> SignedReply:
    """Sign a reply by the system over all of it; what a unit decides was signed by the unit before (`decided`)."""
    body = written(seal_envelope(reparsed(reply.xml), system=system))
    return SignedReply(reply=reply, body=body, digest=Digest(hashlib.sha256(body).hexdigest()))


def decided(reply: Reply, unit: SigningKey) -> Reply:
    """A reply with the signature of the unit that decides over its Content."""
    envelope = reparsed(reply.xml)
    _sign_content(envelope, unit)
    return replace(reply, xml=etree.tostring(envelope, encoding="UTF-8"))


def seal_envelope(envelope: etree._Element, *, system: SigningKey) -> etree._Element:
    """The envelope, signed in its place. A signature over Content that is there stays, and is covered too."""
    assert envelope.getparent() is None, "the system signs all of a document"
    wrapper = envelope.find("SystemSignature")
    if wrapper is None:
        wrapper = etree.SubElement(envelope, "SystemSignature")
    wrapper[:], wrapper.text = [], None
    signer = _signer(system, SignatureConstructionMethod.enveloped)
    signer.sign(envelope, key=system.key, key_info=copy.deepcopy(system.key_info))
    wrapper.append(signer.made)
    return envelope


def written(envelope: etree._Element) -> bytes:
    """An envelope as its final bytes."""
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _sign_content(envelope: etree._Element, unit: SigningKey) -> None:
    """The deciding unit's signature over Content (Article 6(1)), at the declarant's place."""
    body, content = envelope.find("Body"), envelope.find("Body/Content")
    assert body is not None
    assert content is not None
    content.set("Id", "content")
    signature = _signer(unit, SignatureConstructionMethod.detached).sign(
        envelope, key=unit.key, key_info=copy.deepcopy(unit.key_info), reference_uri="#content"
    )
    etree.SubElement(body, "Signature").append(signature)


def _signer(key: SigningKey, method: SignatureConstructionMethod) -> _Signer:
    return _Signer(
        method=method,
        signature_algorithm=key.method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
