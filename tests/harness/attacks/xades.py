"""Class 14: XAdES that a key holder writes wrongly, and honest XAdES that somebody changes where nothing signs it."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta

from cryptography import x509
from lxml import etree

from adapter.simulator.pki import Pki
from adapter.simulator.sign import SignatureForm, sign_message
from adapter.simulator.timestamping import stamp
from adapter.simulator.xades import SIGNED_PROPERTIES_TYPE, XADES, Tweak, add_timestamp
from adapter.simulator.xmldsig import DS
from tests.harness.attacks.attack import Attack, register, sealing
from tests.harness.attacks.trees import one, parse, write
from tests.harness.qualified import SIGNED_AT, qualified

_SIGNATURE = f"Body/Signature/{{{DS}}}Signature"
_QUALIFYING = f"{_SIGNATURE}/{{{DS}}}Object/{{{XADES}}}QualifyingProperties"
_SHA_1 = f"{DS}sha1"
_141 = "http://uri.etsi.org/01903/v1.4.1#"


def _xa(name: str) -> str:
    return f"{{{XADES}}}{name}"


def _first(signature: etree._Element, name: str) -> etree._Element:
    return next(signature.iter(_xa(name), f"{{{DS}}}{name}"))


def _declared(
    name: str,
    tweak: Tweak | None = None,
    *,
    at: datetime = SIGNED_AT,
    form: SignatureForm = SignatureForm.XADES_BES,
    timestamper: str = "timestamper",
) -> None:
    """The enterprise signs, with its own key, what the tweak made of its signature."""

    def sign(message: bytes, pki: Pki) -> bytes:
        how = qualified(pki, at=at, timestamper=timestamper, tweak=tweak)
        return sign_message(message, system=None, declarant=pki.party("enterprise"), form=form, qualified=how)

    register(name, Attack(declared=sign))


# -- time -----------------------------------------------------------------------------------------

_declared("signing_time_in_the_future", at=SIGNED_AT.replace(year=2099))
_declared("signing_time_far_in_the_past", at=SIGNED_AT - timedelta(days=30))
_declared("signing_time_just_inside_the_window", at=SIGNED_AT - timedelta(hours=71))
_declared("old_signature_with_a_time_stamp_of_its_time", at=SIGNED_AT - timedelta(days=30), form=SignatureForm.XADES_T)
_declared(
    "signing_time_with_another_zone",
    lambda signature: _set(signature, "SigningTime", "2026-03-02T00:10:00.1234567Z"),
)
_declared("signing_time_without_zone", lambda signature: _set(signature, "SigningTime", "2026-03-02T07:10:00"))
_declared("signing_time_that_is_no_time", lambda signature: _set(signature, "SigningTime", "2026-02-30T25:00:00Z"))
_declared("signing_time_missing", lambda signature: _drop(signature, "SigningTime"))
_declared(
    "old_signing_time_under_a_new_time_stamp",
    lambda signature: _set(signature, "SigningTime", "2026-01-02T07:10:00+07:00"),
    form=SignatureForm.XADES_T,
)


def _set(signature: etree._Element, name: str, text: str) -> None:
    _first(signature, name).text = text


def _drop(signature: etree._Element, name: str) -> None:
    element = _first(signature, name)
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


# -- which signature, which certificate -----------------------------------------------------------


@sealing
def target_of_another_signature(message: bytes) -> bytes:
    """QualifyingProperties/@Target is signed by nothing: it names another signature."""
    tree = parse(message)
    one(tree, _QUALIFYING).set("Target", "#another")
    return write(tree)


@sealing
def target_missing(message: bytes) -> bytes:
    """Properties of no signature."""
    tree = parse(message)
    del one(tree, _QUALIFYING).attrib["Target"]
    return write(tree)


def _certificate_digest(algorithm: str, uri: str) -> Tweak:
    def tweak(signature: etree._Element) -> None:
        der = b64decode(next(signature.iter(f"{{{DS}}}X509Certificate")).text or "")
        digest = _first(signature, "CertDigest")
        digest[0].set("Algorithm", uri)
        digest[1].text = b64encode(hashlib.new(algorithm, der).digest()).decode()

    return tweak


def _wrong_certificate(signature: etree._Element) -> None:
    _first(signature, "CertDigest")[1].text = b64encode(bytes(32)).decode()


def _wrong_issuer_serial(signature: etree._Element) -> None:
    """The digest is right, the issuer's name beside it is another's (as text, SigningCertificate)."""
    _issuer(signature, "CN=Another CA,O=Test Trust,C=VN", "1")


def _issuer(signature: etree._Element, name: str, serial: str | None = None) -> None:
    """SigningCertificate of version 1 with this issuer's name; without `serial`, with the leaf's true number."""
    element = _first(signature, "SigningCertificateV2")
    element.tag = _xa("SigningCertificate")
    certificate = element[0]
    certificate.remove(certificate[1])
    leaf = x509.load_der_x509_certificate(b64decode(next(signature.iter(f"{{{DS}}}X509Certificate")).text or ""))
    issuer = etree.SubElement(certificate, _xa("IssuerSerial"))
    etree.SubElement(issuer, f"{{{DS}}}X509IssuerName").text = name
    etree.SubElement(issuer, f"{{{DS}}}X509SerialNumber").text = serial or str(leaf.serial_number)


def _named(name: str) -> Tweak:
    return lambda signature: _issuer(signature, name)


def _own_issuer(signature: etree._Element) -> None:
    leaf = x509.load_der_x509_certificate(b64decode(next(signature.iter(f"{{{DS}}}X509Certificate")).text or ""))
    _issuer(signature, leaf.issuer.rfc4514_string())


def _certificates(count: int) -> Tweak:
    """The leaf `count` times: authorities may stand beside it, and what they are is not asked."""

    def tweak(signature: etree._Element) -> None:
        holder = _first(signature, "SigningCertificateV2")
        for _ in range(count - 1):
            holder.append(deepcopy(holder[0]))

    return tweak


_declared("certificate_digest_of_another", _wrong_certificate)
_declared("certificate_digest_by_sha1", _certificate_digest("sha1", _SHA_1))
_declared("certificate_digest_by_md5", _certificate_digest("md5", "http://www.w3.org/2001/04/xmldsig-more#md5"))
_declared("certificate_digest_by_sha512", _certificate_digest("sha512", "http://www.w3.org/2001/04/xmlenc#sha512"))
_declared("issuer_and_serial_of_another", _wrong_issuer_serial)
_declared("issuer_name_true_in_version_1", _own_issuer)
_declared("issuer_name_that_parts_in_many_ways", _named("A=B," + " " * 300 + "=" + " " * 600 + '"'))
_declared("issuer_name_that_is_a_real_number", _named("CN=#0903800105"))
_declared("issuer_name_that_is_cut_short", _named("CN=#0c82ffff"))
_declared("issuer_name_of_many_thousand_bytes", _named("A=B," + " " * 5_000 + "=" + " " * 5_000 + '"'))
_declared("four_signing_certificates", _certificates(4))
_declared("five_signing_certificates", _certificates(5))
_declared("signing_certificate_missing", lambda signature: _drop(signature, "SigningCertificateV2"))

# -- references -----------------------------------------------------------------------------------


def _references(signature: etree._Element) -> list[etree._Element]:
    return signature[0].findall(f"{{{DS}}}Reference")


def _without_properties_reference(signature: etree._Element) -> None:
    signature[0].remove(_references(signature)[1])


def _typed(value: str | None, number: int) -> Tweak:
    def tweak(signature: etree._Element) -> None:
        reference = _references(signature)[number]
        reference.attrib.pop("Type", None)
        if value is not None:
            reference.set("Type", value)

    return tweak


def _twice(number: int) -> Tweak:
    def tweak(signature: etree._Element) -> None:
        references = _references(signature)
        references[2].set("URI", str(references[number].get("URI")))
        references[2].attrib.update(references[number].attrib)

    return tweak


def _same_id(signature: etree._Element) -> None:
    """The properties' Id once more, spelled otherwise, on an element that nobody looks at."""
    etree.SubElement(_first(signature, "X509Data"), f"{{{DS}}}X509SubjectName", id="declarant-signed-properties")


_declared("properties_that_nothing_signs", _without_properties_reference)
_declared("properties_reference_without_type", _typed(None, 1))
_declared("data_reference_with_the_type_of_properties", _typed(SIGNED_PROPERTIES_TYPE, 0))
_declared("properties_referenced_twice", _twice(1))
_declared("content_referenced_twice", _twice(0))
_declared("properties_id_borne_twice", _same_id)
_declared("without_reference_to_key_info", lambda signature: signature[0].remove(_references(signature)[2]))

# -- properties -----------------------------------------------------------------------------------


def _policy(inside: str) -> Tweak:
    def tweak(signature: etree._Element) -> None:
        policy = etree.SubElement(_first(signature, "SignedSignatureProperties"), _xa("SignaturePolicyIdentifier"))
        etree.SubElement(policy, _xa(inside))

    return tweak


def _data_properties(*names: str) -> Tweak:
    def tweak(signature: etree._Element) -> None:
        part = etree.SubElement(_first(signature, "SignedProperties"), _xa("SignedDataObjectProperties"))
        for name in names:
            etree.SubElement(part, _xa(name))

    return tweak


_declared("explicit_policy", _policy("SignaturePolicyId"))
_declared("implied_policy", _policy("SignaturePolicyImplied"))
_declared("statements_without_effect", _data_properties("DataObjectFormat", "CommitmentTypeIndication"))
_declared("time_stamp_over_the_data", _data_properties("AllDataObjectsTimeStamp"))
_declared(
    "language_attribute_above_the_properties",
    lambda signature: signature[3][0].set("{http://www.w3.org/XML/1998/namespace}lang", "vi"),
)
_declared(
    "two_sets_of_properties", lambda signature: etree.SubElement(signature[3], _xa("QualifyingProperties")).clear()
)


def _unsigned(name: str) -> Callable[[bytes], bytes]:
    """A property that nothing signs, put beside an honest signature."""

    def change(message: bytes) -> bytes:
        tree = parse(message)
        part = etree.SubElement(one(tree, _QUALIFYING), _xa("UnsignedProperties"))
        etree.SubElement(etree.SubElement(part, _xa("UnsignedSignatureProperties")), name)
        return write(tree)

    return change


for _name, _tag in (
    ("archive_time_stamp", f"{{{_141}}}ArchiveTimeStamp"),
    ("references_time_stamp", _xa("SigAndRefsTimeStamp")),
    ("property_that_nobody_knows", "{urn:nobody}Property"),
    ("certificate_values", _xa("CertificateValues")),
):
    register(_name, Attack(sealing=_unsigned(_tag)))


def _nothing_unsigned(*names: str) -> Callable[[bytes], bytes]:
    """Elements for unsigned properties, one in the other, with nothing in them."""

    def change(message: bytes) -> bytes:
        tree = parse(message)
        part = one(tree, _QUALIFYING)
        for name in names:
            part = etree.SubElement(part, _xa(name))
        return write(tree)

    return change


for _name, _names in (
    ("unsigned_properties_that_are_empty", ("UnsignedProperties",)),
    ("unsigned_signature_properties_that_are_empty", ("UnsignedProperties", "UnsignedSignatureProperties")),
    ("unsigned_data_properties", ("UnsignedProperties", "UnsignedDataObjectProperties")),
):
    register(_name, Attack(sealing=_nothing_unsigned(*_names)))


@sealing
def counter_signature(message: bytes) -> bytes:
    """A counter-signature: a second ds:Signature, of the first."""
    tree = parse(_unsigned(_xa("CounterSignature"))(message))
    signature = one(tree, _SIGNATURE)
    copy = etree.fromstring(etree.tostring(signature, with_tail=False))
    next(signature.iter(_xa("CounterSignature"))).append(copy)
    return write(tree)


# -- time stamps ----------------------------------------------------------------------------------

_declared("time_stamp_by_a_stranger", form=SignatureForm.XADES_T, timestamper="stranger-timestamper")
_declared("time_stamp_by_an_enterprise", form=SignatureForm.XADES_T, timestamper="enterprise")
for _party in ("compromised", "suspended", "superseded"):
    _declared(f"time_stamp_by_a_{_party}_authority", form=SignatureForm.XADES_T, timestamper=f"{_party}-timestamper")
_declared(
    "time_stamp_from_before_its_authority_was_superseded",
    at=SIGNED_AT - timedelta(days=30),
    form=SignatureForm.XADES_T,
    timestamper="superseded-timestamper",
)


def _stamped(message: bytes, token: Callable[[bytes], bytes]) -> bytes:
    """A genuine XAdES-BES signature with a time stamp beside it, made from its canonical SignatureValue."""
    tree = parse(message)
    signature = one(tree, _SIGNATURE)
    add_timestamp(signature, token(etree.tostring(signature[1], method="c14n")))
    return write(tree)


def _with_token(name: str, token: Callable[[bytes, Pki], bytes]) -> None:
    def sign(message: bytes, pki: Pki) -> bytes:
        declarant, form = pki.party("enterprise"), SignatureForm.XADES_BES
        honest = sign_message(message, system=None, declarant=declarant, form=form, qualified=qualified(pki))
        return _stamped(honest, lambda over: token(over, pki))

    register(name, Attack(declared=sign))


def _by_the_authority(over: bytes, pki: Pki, at: datetime = SIGNED_AT) -> bytes:
    return stamp(over, authority=pki.party("timestamper"), at=at)


_with_token("time_stamp_of_another_signature", lambda over, pki: _by_the_authority(b"another" + over, pki))
_with_token("time_stamp_from_the_future", lambda over, pki: _by_the_authority(over, pki, SIGNED_AT + timedelta(days=1)))
_with_token("time_stamp_that_is_noise", lambda over, pki: over[:200])
_with_token("time_stamp_with_a_byte_changed", lambda over, pki: _flipped(_by_the_authority(over, pki)))


_with_token(
    "time_stamp_whose_authority_has_version_7",
    lambda over, pki: _by_the_authority(over, pki).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06"),
)
_with_token(
    "time_stamp_with_an_authority_of_version_7_beside_it",
    lambda over, pki: b"\xa0\x03\x02\x01\x06".join(_by_the_authority(over, pki).rsplit(b"\xa0\x03\x02\x01\x02", 1)),
)


def _flipped(token: bytes) -> bytes:
    """The last byte belongs to the authority's signature."""
    return token[:-1] + bytes([token[-1] ^ 1])
