"""Signing as partners sign: `ds:Signature` at the two fixed places of the envelope, in the forms that real tools write.

The default form is built here, for speed. The .NET and Java forms are made by the xmlsec1 program, so that the window
and the adapter do not share one engine's habits. For the test window only: the adapter signs its replies elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lxml import etree

from adapter.pipeline.envelope import VIETNAM
from adapter.simulator.issuing import PrivateKey
from adapter.simulator.pki import SigningParty
from adapter.simulator.xades import (
    PROPERTIES_ID,
    SIGNATURE_ID,
    SIGNED_PROPERTIES_TYPE,
    UNPREFIXED,
    XADES,
    Qualified,
    qualifying_object,
    sign_qualified,
)
from adapter.simulator.xmldsig import DS as DS
from adapter.simulator.xmldsig import ENVELOPED as ENVELOPED
from adapter.simulator.xmldsig import EXCLUSIVE as EXCLUSIVE
from adapter.simulator.xmldsig import INCLUSIVE as INCLUSIVE
from adapter.simulator.xmldsig import SHA_256, certificate_texts, method_of, raw_signature

DS11 = "http://www.w3.org/2009/xmldsig11#"
_TIME_ID = "signing-time"
P256_OID = "1.2.840.10045.3.1.7"
_XPATH = {
    "SystemSignature": "/Envelope/SystemSignature/*[local-name()='Signature']",
    "Signature": "(/Envelope/Body|/SignedStatement)/Signature/*[local-name()='Signature']",
}


class SignatureForm(StrEnum):
    """How a signature is written."""

    DEFAULT = "default"
    """ds: prefix, exclusive C14N."""
    DOTNET = "dotnet"
    """No prefix, inclusive C14N, base64 on one line."""
    JAVA = "java"
    """No prefix, inclusive C14N, KeyValue beside the certificates, CR LF inside base64."""
    XADES_BES = "xades-bes"
    """The declarant's as the default and XAdES-BES: SigningTime, SigningCertificateV2, KeyInfo signed too."""
    XADES_T = "xades-t"
    """The same with an RFC 3161 time stamp over the signature."""
    XADES_DOTNET = "xades-dotnet"
    """The .NET form as XAdES-BES: SigningCertificate with the issuer's name as text."""
    E_INVOICE = "e-invoice"
    """As Vietnam's e-invoice and tax software signs: no Transforms, and a signed ds:Object with the local time."""


PLAIN_FORMS = (SignatureForm.DEFAULT, SignatureForm.DOTNET, SignatureForm.JAVA)
"""Those that are XML-DSig and nothing more."""
_SEALS = {
    SignatureForm.DOTNET: SignatureForm.DOTNET,
    SignatureForm.JAVA: SignatureForm.JAVA,
    SignatureForm.XADES_DOTNET: SignatureForm.DOTNET,
    SignatureForm.E_INVOICE: SignatureForm.DOTNET,
}
"""A system's signature states no time."""


def sign_message(
    envelope: bytes,
    *,
    system: SigningParty | None,
    declarant: SigningParty | None,
    form: SignatureForm = SignatureForm.DEFAULT,
    qualified: Qualified | None = None,
) -> bytes:
    """Sign an envelope: first the declarant over Content, then the system over all of it. Or the portal's statement.

    Raises:
        ValueError: the envelope has no Content to sign, the place is taken, or what a XAdES form needs is missing.
        etree.XMLSyntaxError: it is not well-formed.
    """
    if system is None and declarant is None:
        return envelope
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    tree = etree.ElementTree(etree.fromstring(envelope, parser))
    if declarant is not None:
        tree = _sign_content(tree, declarant, form, qualified)
    if system is not None:
        tree = _sign_envelope(tree, system, _SEALS.get(form, SignatureForm.DEFAULT))
    written: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=envelope.lstrip().startswith(b"<?xml"))
    return written


_Tree = etree._ElementTree  # lxml has no public name for the type


@dataclass(frozen=True, slots=True)
class _Own:
    """A ds:Object of the signature itself, and what of it is signed too."""

    holding: str
    identifier: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One signature to make: the wrapper it goes into, its reference, and what that refers to."""

    place: etree._Element
    uri: str
    transforms: Sequence[str]
    signed: _Tree | etree._Element


def _sign_content(tree: _Tree, party: SigningParty, form: SignatureForm, qualified: Qualified | None) -> _Tree:
    above = "Body/" if tree.getroot().tag == "Envelope" else ""
    content = tree.find(f"{above}Content")
    if content is None:
        raise ValueError(f"there is no {above}Content to sign")
    identifier = str(content.get("Id") or "content")
    content.set("Id", identifier)
    place = tree.find(f"{above}Signature")
    if place is None:
        place = etree.Element("Signature")
        # An element added after Content takes over its tail; the white space then stands where it stood.
        content.addnext(place)
    exclusive = form in (SignatureForm.DEFAULT, SignatureForm.XADES_BES, SignatureForm.XADES_T)
    plan = _Plan(place, f"#{identifier}", [EXCLUSIVE if exclusive else INCLUSIVE], content)
    if form in PLAIN_FORMS:
        return _sign_at(tree, party, form, plan)
    if qualified is None or (form is SignatureForm.XADES_T and qualified.timestamper is None):
        raise ValueError(f"the form {form} needs a signing time, and xades-t a time-stamping authority")
    if form is SignatureForm.XADES_DOTNET:
        holding = qualifying_object(party.certificate, qualified.at, UNPREFIXED)
        return _sign_at(tree, party, form, plan, _Own(holding, PROPERTIES_ID, SIGNED_PROPERTIES_TYPE))
    if form is SignatureForm.E_INVOICE:
        return _sign_at(tree, party, form, replace(plan, transforms=()), _Own(_time_object(qualified.at), _TIME_ID))
    sign_qualified(plan.place, plan.uri, party, qualified, stamped=form is SignatureForm.XADES_T)
    return tree


def _sign_envelope(tree: _Tree, party: SigningParty, form: SignatureForm) -> _Tree:
    place = tree.find("SystemSignature")
    if place is None:
        place = etree.SubElement(tree.getroot(), "SystemSignature")
    transforms = {
        SignatureForm.DEFAULT: [ENVELOPED, EXCLUSIVE],
        SignatureForm.DOTNET: [ENVELOPED, INCLUSIVE],
        SignatureForm.JAVA: [ENVELOPED],  # what the JDK's own examples write; inclusive C14N 1.0 is then implied
    }[form]
    return _sign_at(tree, party, form, _Plan(place, "", transforms, tree))


def _sign_at(tree: _Tree, party: SigningParty, form: SignatureForm, plan: _Plan, own: _Own | None = None) -> _Tree:
    if len(plan.place):
        raise ValueError(f"{tree.getpath(plan.place)} is signed already")
    if form is SignatureForm.DEFAULT:
        plan.place.append(_default_signature(party, plan))
        return tree
    plan.place.append(_template(party.key, plan, own))
    name = str(plan.place.tag)
    return _finish(_run_xmlsec1(tree, party, name), party, form, name)


def _default_signature(party: SigningParty, plan: _Plan) -> etree._Element:
    """The signature, written straight in its canonical form: SignedInfo needs no C14N of its own."""
    canonical: bytes = etree.tostring(plan.signed, method="c14n", exclusive=True, with_comments=False)
    digest = base64.b64encode(hashlib.sha256(canonical).digest()).decode()
    steps = "".join(f'<ds:Transform Algorithm="{each}"></ds:Transform>' for each in plan.transforms)
    inside = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{method_of(party.key)}"></ds:SignatureMethod>'
        f'<ds:Reference URI="{plan.uri}"><ds:Transforms>{steps}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA_256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    value = base64.b64encode(raw_signature(party.key, f'<ds:SignedInfo xmlns:ds="{DS}">{inside}'.encode())).decode()
    certificates = "".join(f"<ds:X509Certificate>{der}</ds:X509Certificate>" for der in certificate_texts(party))
    return etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inside}<ds:SignatureValue>{value}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


def _time_object(at: datetime) -> str:
    """The time without a zone, as these tools write it."""
    local = at.astimezone(VIETNAM).replace(tzinfo=None).isoformat(timespec="seconds")
    return (
        f'<Object Id="{_TIME_ID}"><SignatureProperties><SignatureProperty Target="signatureProperties">'
        f"<SigningTime>{local}</SigningTime></SignatureProperty></SignatureProperties></Object>"
    )


def _template(key: PrivateKey, plan: _Plan, own: _Own | None) -> etree._Element:
    """An unprefixed signature with empty values, for xmlsec1 to fill."""
    steps = "".join(f'<Transform Algorithm="{each}"/>' for each in plan.transforms)
    steps = f"<Transforms>{steps}</Transforms>" if steps else ""
    named, more = "", ""
    if own is not None:
        named = f' Id="{SIGNATURE_ID}"'
        kind = f' Type="{own.type}"' if own.type else ""
        more = (  # the second reference as .NET libraries write it: without a transform
            f'<Reference URI="#{own.identifier}"{kind}><DigestMethod Algorithm="{SHA_256}"/><DigestValue/></Reference>'
        )
    return etree.fromstring(
        f'<Signature xmlns="{DS}"{named}><SignedInfo><CanonicalizationMethod Algorithm="{INCLUSIVE}"/>'
        f'<SignatureMethod Algorithm="{method_of(key)}"/><Reference URI="{plan.uri}">{steps}'
        f'<DigestMethod Algorithm="{SHA_256}"/><DigestValue/></Reference>{more}</SignedInfo><SignatureValue/>'
        f"{'' if own is None else own.holding}</Signature>"
    )


def _run_xmlsec1(tree: _Tree, party: SigningParty, place: str) -> _Tree:
    """Let xmlsec1 fill the template that stands at `place`.

    Raises:
        RuntimeError: xmlsec1 refused.
    """
    with tempfile.TemporaryDirectory(prefix="sign-") as folder:
        template, key, signed = (Path(folder) / name for name in ("template.xml", "key.pem", "signed.xml"))
        tree.write(str(template), encoding="UTF-8", xml_declaration=True)
        key.write_bytes(party.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        command = ["xmlsec1", "sign", "--privkey-pem", str(key), "--node-xpath", _XPATH[place]]
        if place != "SystemSignature":  # needs no Id, and must be possible where a hostile message has one twice
            command += ["--id-attr:Id", "Content", "--id-attr:Id", f"{XADES}:SignedProperties"]
            command += ["--id-attr:Id", f"{DS}:Object"]
        command += ["--output", str(signed), str(template)]
        run = subprocess.run(command, capture_output=True, check=False, timeout=30)
        if run.returncode != 0:
            raise RuntimeError(f"xmlsec1 could not sign: {run.stderr.decode(errors='replace').strip()}")
        return etree.parse(str(signed), etree.XMLParser(resolve_entities=False, strip_cdata=False))


def _finish(tree: _Tree, party: SigningParty, form: SignatureForm, place: str) -> _Tree:
    """Lay out base64 as the form does and add KeyInfo: neither is covered by the signature it belongs to."""
    found = tree.xpath(_XPATH[place])
    signature = found[0] if isinstance(found, list) else None
    value = signature.find(f"{{{DS}}}SignatureValue") if isinstance(signature, etree._Element) else None
    if not isinstance(signature, etree._Element) or value is None:
        raise RuntimeError("xmlsec1 left no signature")
    value.text = _lay_out("".join((value.text or "").split()), form)
    info = etree.Element(f"{{{DS}}}KeyInfo")
    value.addnext(info)
    if form is SignatureForm.JAVA:
        _add_key_value(info, party.key)
    data = etree.SubElement(info, f"{{{DS}}}X509Data")
    for der in certificate_texts(party):
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = _lay_out(der, form)
    return tree


def _add_key_value(info: etree._Element, key: PrivateKey) -> None:
    value = etree.SubElement(info, f"{{{DS}}}KeyValue")
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        holder = etree.SubElement(value, f"{{{DS}}}RSAKeyValue")
        for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):
            encoded = base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()
            etree.SubElement(holder, f"{{{DS}}}{name}").text = _lay_out(encoded, SignatureForm.JAVA)
        return
    holder = etree.SubElement(value, f"{{{DS11}}}ECKeyValue", nsmap={"dsig11": DS11})
    etree.SubElement(holder, f"{{{DS11}}}NamedCurve", URI=f"urn:oid:{P256_OID}")
    point = base64.b64encode(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()
    etree.SubElement(holder, f"{{{DS11}}}PublicKey").text = _lay_out(point, SignatureForm.JAVA)


def _lay_out(encoded: str, form: SignatureForm) -> str:
    """Java breaks base64 after 76 characters with CR LF, which XML writes as a character reference and keeps."""
    if form is not SignatureForm.JAVA:
        return encoded
    return "\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
