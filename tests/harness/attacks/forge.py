"""A signature writer that does whatever it is told: any algorithm, reference, transform, key, layout.

The keys are genuine where the attack does not name others, so that what refuses the result is the rule and not a
broken signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from adapter.simulator.issuing import PrivateKey
from adapter.simulator.pki import Pki, SigningParty
from adapter.simulator.xmldsig import DS, ENVELOPED, EXCLUSIVE, INCLUSIVE, RSA_SHA256, SHA_256
from tests.harness.attacks.attack import Signing
from tests.harness.attacks.trees import one, parse, write

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
DIGESTS = {
    "md5": f"{MORE}md5",
    "sha1": f"{DS}sha1",
    "sha256": SHA_256,
    "sha384": f"{MORE}sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One ds:Reference. `over` is what is digested: envelope, content, form, or bytes as they are."""

    uri: str | None
    over: str | bytes
    transforms: Sequence[str] = ()
    """Transform elements as XML, or algorithm URIs."""
    digest: str = "sha256"
    method: str | None = None
    """What DigestMethod says, where that is not the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A signature to write. What is not said is as an honest signer writes it."""

    place: str
    signer: str
    references: Sequence[Reference] | None = None
    canonicalization: str = EXCLUSIVE
    method: str = RSA_SHA256
    hash: str = "sha256"
    method_inside: str = ""
    salt: int | None = None
    """Sign by RSA-PSS with a salt of so many bytes; None is PKCS #1 1.5."""
    secret: str | None = None
    """Sign by HMAC: with the `key` or the `certificate` of the signer, both public."""
    certificates: Sequence[str] | None = None
    """Whose chains KeyInfo holds, in that order; None is the signer's."""
    key_info: str | None = None
    """KeyInfo's inner XML; "" leaves KeyInfo out."""
    objects: str = ""
    prefix: str = "ds"
    break_lines: bool = False
    indent: bool = False
    attributes: str = ""


DECLARED = Reference(uri="#content", over="content", transforms=(EXCLUSIVE,))
SEALED = Reference(uri="", over="envelope", transforms=(ENVELOPED, EXCLUSIVE))


def forging(forgery: Forgery) -> Signing:
    """The forgery as an attack's way to sign."""
    return lambda message, pki: forge(message, forgery, pki)


def forge(message: bytes, forgery: Forgery, pki: Pki) -> bytes:
    """Write the signature into its place, which may be absent or empty."""
    tree = parse(message)
    wrapper = _wrapper(tree, forgery.place)
    default = DECLARED if forgery.place == "Body/Signature" else SEALED
    references = (default,) if forgery.references is None else forgery.references
    party = pki.party(forgery.signer)
    written = "".join(_reference(tree, each, forgery) for each in references)
    signature = etree.fromstring(_template(forgery, written, _key_info(forgery, party, pki)))
    if forgery.indent:
        etree.indent(signature)
    wrapper.append(signature)
    signed = one(tree, f"{forgery.place}/{{{DS}}}Signature/{{{DS}}}SignedInfo")
    canonical = canonicalize(signed, forgery.canonicalization)
    value = base64.b64encode(_value(canonical, forgery, party)).decode()
    one(signature, f"{{{DS}}}SignatureValue").text = _lines(value) if forgery.break_lines else value
    return write(tree)


def certificate_text(party: SigningParty) -> str:
    """X509Certificate elements (prefix ds) of a party's chain."""
    return "".join(certificate_element(each) for each in party.chain)


def certificate_element(certificate: x509.Certificate) -> str:
    """One X509Certificate element (prefix ds)."""
    encoded = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return f"<ds:X509Certificate>{encoded}</ds:X509Certificate>"


def canonicalize(element: etree._Element, algorithm: str) -> bytes:
    """C14N of a subtree, detached so that lxml writes no false xmlns="" below a default namespace."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    comments = algorithm.endswith("WithComments")
    canonical: bytes = etree.tostring(
        alone, method="c14n", exclusive=algorithm.startswith(EXCLUSIVE), with_comments=comments
    )
    return canonical


def _wrapper(tree: etree._ElementTree, place: str) -> etree._Element:
    found = tree.find(place)
    if found is None:
        parent = one(tree, place.rpartition("/")[0] or ".")
        found = etree.SubElement(parent, place.rpartition("/")[2])
    return found


def _reference(tree: etree._ElementTree, reference: Reference, forgery: Forgery) -> str:
    algorithm = next((each for each in reversed(reference.transforms) if "c14n" in each and "<" not in each), INCLUSIVE)
    data = _data(tree, reference.over, algorithm)
    digest = base64.b64encode(hashlib.new(reference.digest, data).digest()).decode()
    steps = "".join(
        each if each.startswith("<") else f'<ds:Transform Algorithm="{each}"/>' for each in reference.transforms
    )
    transforms = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
    method = DIGESTS[reference.digest] if reference.method is None else reference.method
    uri = "" if reference.uri is None else f' URI="{reference.uri}"'
    return (
        f'<ds:Reference{uri}>{transforms}<ds:DigestMethod Algorithm="{method}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


def _data(tree: etree._ElementTree, over: str | bytes, algorithm: str) -> bytes:
    if isinstance(over, bytes):
        return over
    paths = {"envelope": ".", "content": "Body/Content", "form": "Body/Content/*"}
    return canonicalize(deepcopy(one(tree, paths[over])), algorithm)


def _template(forgery: Forgery, references: str, key_info: str) -> str:
    text = (
        f'<ds:Signature xmlns:ds="{DS}"{forgery.attributes}><ds:SignedInfo>'
        f"{_method('CanonicalizationMethod', forgery.canonicalization, '')}"
        f"{_method('SignatureMethod', forgery.method, forgery.method_inside)}"
        f"{references}</ds:SignedInfo><ds:SignatureValue/>{key_info}{forgery.objects}</ds:Signature>"
    )
    if forgery.prefix == "ds":
        return text
    if not forgery.prefix:
        return text.replace("xmlns:ds=", "xmlns=").replace("<ds:", "<").replace("</ds:", "</")
    return (
        text.replace(":ds=", f":{forgery.prefix}=")
        .replace("<ds:", f"<{forgery.prefix}:")
        .replace("</ds:", f"</{forgery.prefix}:")
    )


def _method(name: str, algorithm: str, inside: str) -> str:
    return f'<ds:{name} Algorithm="{algorithm}">{inside}</ds:{name}>'


def _key_info(forgery: Forgery, party: SigningParty, pki: Pki) -> str:
    inner = forgery.key_info
    if inner is None:
        named = [pki.party(name) for name in forgery.certificates] if forgery.certificates is not None else [party]
        inner = f"<ds:X509Data>{''.join(certificate_text(each) for each in named)}</ds:X509Data>"
    return f"<ds:KeyInfo>{inner}</ds:KeyInfo>" if inner else ""


def _value(data: bytes, forgery: Forgery, party: SigningParty) -> bytes:
    if forgery.secret is not None:
        public = party.key.public_key()
        key = {
            "key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "certificate": party.certificate.public_bytes(Encoding.DER),
        }[forgery.secret]
        return hmac.new(key, data, forgery.hash).digest()
    if forgery.salt is not None:
        assert isinstance(party.key, rsa.RSAPrivateKey)
        algorithm = _HASHES[forgery.hash]()
        return party.key.sign(data, padding.PSS(padding.MGF1(algorithm), forgery.salt), algorithm)
    return raw_signature(party.key, data, forgery.hash)


def raw_signature(key: PrivateKey, data: bytes, name: str = "sha256") -> bytes:
    """The signature as XML wants it, with any hash."""
    algorithm = _HASHES[name]()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(algorithm)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _lines(encoded: str) -> str:
    return "\n" + "\n".join(encoded[at : at + 64] for at in range(0, len(encoded), 64)) + "\n"


def key_value(party: SigningParty) -> str:
    """A bare RSA key, as KeyInfo may hold it."""
    assert isinstance(party.key, rsa.RSAPrivateKey)
    numbers = party.key.public_key().public_numbers()
    modulus, exponent = (
        base64.b64encode(each.to_bytes((each.bit_length() + 7) // 8, "big")).decode() for each in (numbers.n, numbers.e)
    )
    return (
        f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>{exponent}</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>"
    )
