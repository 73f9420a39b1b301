"""What a stranger writes twice as long takes twice as many steps to read, never four times as many.

Each reader is fed n, 2n and 4n of what suits it worst; counted are its own steps, not seconds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from cryptography import x509
from lxml import etree

from adapter.gateways.broker.messages import Tag, delivery
from adapter.gateways.broker.property_decoder import GuardedProperties
from adapter.model.limits import Limits
from adapter.pipeline import mrz, xml
from adapter.pipeline.envelope import read_header, read_time
from adapter.pipeline.signature import distinguished_names, keyinfo, references, xades
from adapter.pipeline.signature.algorithms import ds, prefixes
from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.shape import shapes
from adapter.pipeline.trust.holder import plain
from tests.harness.steps import steps

LIMITS = Limits(**(dict.fromkeys(Limits.__slots__, 1 << 24) | {"depth": 60}))
"""So large that it is the readers that are measured."""
STRAY = f"<Signature xmlns='{ds('')[1:-1]}'/>"
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])


def element(name: str, text: str) -> etree._Element:
    made = etree.Element(name)
    made.text = text
    return made


def envelope(header: str = "", body: str = "", behind: str = "") -> etree._Element:
    return etree.fromstring(f"<Envelope><Header>{header}</Header><Body><Content/>{body}</Body>{behind}</Envelope>")


def subject(values: str) -> str:
    return f"<Reference/><From/><To/><Subject>{values}</Subject>"


def declarations(count: int) -> str:
    return " ".join(f"xmlns:n{at}='urn:{at}'" for at in range(count))


def signature(inside: str) -> etree._Element:
    return etree.fromstring(f'<ds:Signature xmlns:ds="{ds("")[1:-1]}">{inside}</ds:Signature>')


def signing_certificate(count: int, name: str) -> etree._Element:
    cert = (
        f"<Cert><CertDigest><ds:DigestMethod Algorithm='x'/><ds:DigestValue>AA==</ds:DigestValue></CertDigest>"
        f"<IssuerSerial><ds:X509IssuerName>{name}</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber>"
        f"</IssuerSerial></Cert>"
    )
    xmlns = f'xmlns="{xades.XADES}" xmlns:ds="{ds("")[1:-1]}"'
    signed = (
        f"<SignedProperties Id='p'><SignedSignatureProperties><SigningTime>2026-03-02T07:10:00Z</SigningTime>"
        f"<SigningCertificate>{cert * count}</SigningCertificate></SignedSignatureProperties></SignedProperties>"
    )
    qualifying = f"<ds:Object><QualifyingProperties Target='#s'>{signed}</QualifyingProperties></ds:Object>"
    return etree.fromstring(f"<ds:Signature Id='s' {xmlns}>{qualifying}</ds:Signature>")


@dataclass(frozen=True)
class Reader:
    """A reader of ours, and what it is fed: `make(n)` has about n of something."""

    make: Callable[[int], object]
    read: Callable[..., object]
    first: int = 400


def _name(text: Callable[[int], str], first: int = 60) -> Reader:
    return Reader(text, lambda written: distinguished_names.same_name(written, NAME), first)


def _headers(count: int) -> tuple[SimpleNamespace, GuardedProperties]:
    properties = GuardedProperties(headers={f"x-{at}": "a" * 10 for at in range(count)})
    return SimpleNamespace(exchange="", routing_key="a", redelivered=False), properties


READERS = {
    "name of blanks": _name(lambda n: "A=B," + " " * n + "=" + " " * 2 * n + '"'),
    "name of parts": _name(lambda n: "A=B," * n),
    "name of escapes": _name(lambda n: "A=" + "\\41" * n),
    "name of backslashes": _name(lambda n: "A=" + "\\" * 4 * n),
    "name of quotes": _name(lambda n: "A=" + '"' * 4 * n),
    "name of equals signs": _name(lambda n: "=" * 4 * n),
    "name in hexadecimal": _name(lambda n: "A=#0c82" + f"{n:04x}" + "41" * n),
    "base64 and blanks": Reader(lambda n: element("a", "A" + " " * n + "!"), references.is_base64),
    "base64 and padding": Reader(lambda n: element("a", "A" + "=" * n + "!"), references.is_base64),
    "escaped payload": Reader(lambda n: b"&lt;" * n, lambda raw: xml.unwrap(raw, LIMITS)),
    "payload escaped twice": Reader(lambda n: b"&amp;lt;" * n, lambda raw: xml.unwrap(raw, LIMITS)),
    "characters by number": Reader(lambda n: b"&#65;&#x41;" * n, lambda raw: xml.unwrap(raw, LIMITS)),
    "declaration without an end": Reader(lambda n: b"<?xml " + b"version=" * n, lambda raw: xml.gate(raw, LIMITS)),
    "equals signs": Reader(lambda n: b"<a>" + b"=  " * n + b"</a>", lambda raw: xml.gate(raw, LIMITS)),
    "elements": Reader(lambda n: b"<a>" + b"<b/>" * n + b"</a>", lambda raw: xml.parse(raw, LIMITS)),
    "instructions": Reader(lambda n: b"<a>" + b"<?b c?>" * n + b"</a>", lambda raw: xml.parse(raw, LIMITS)),
    "namespaces in scope": Reader(
        lambda n: etree.fromstring(f"<a {declarations(n)}>{'<b/>' * n}<z xmlns='relative'/></a>"),
        xml.uncanonical,
        first=20,
    ),
    "header values": Reader(lambda n: envelope(subject("<type>10</type>" * n)), read_header),
    "header parties": Reader(lambda n: envelope("<From><name>a</name></From>" * n), read_header),
    "a time": Reader(lambda n: "2026-03-02 07:14:58." + "1" * n, read_time),
    "a number": Reader(lambda n: "1" * n, plain),
    "a travel paper's zone": Reader(lambda n: "P<" + " \n" * n + "A" * 86, mrz.read),
    "certificates": Reader(
        lambda n: signature(f"<ds:KeyInfo><ds:X509Data>{'<ds:X509Certificate/>' * n}</ds:X509Data></ds:KeyInfo>"),
        keyinfo.certificates,
    ),
    "a certificate's text": Reader(
        lambda n: b64encode(b"0\x82" + n.to_bytes(2, "big") + bytes(n)).decode(), keyinfo.load_certificate
    ),
    "signing certificates": Reader(
        lambda n: signing_certificate(n, "CN=a"), lambda tree: xades.properties(tree, tree[0])
    ),
    "issuer's name in XAdES": Reader(
        lambda n: signing_certificate(1, "CN=" + "a" * n), lambda tree: xades.properties(tree, tree[0])
    ),
    "list of prefixes": Reader(
        lambda n: etree.fromstring(
            f"<a><InclusiveNamespaces xmlns='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='{'a ' * n}'/></a>"
        ),
        prefixes,
    ),
    "signatures out of place": Reader(lambda n: envelope(body=f"<a>{STRAY * n}</a>"), shapes, first=50),
    "parts of an envelope": Reader(
        lambda n: envelope(body="<a>b</a>" * n), lambda tree: Coverage(tree).said(), first=50
    ),
    "properties of a message": Reader(_headers, lambda given: delivery(Tag(1, 1), given[0], given[1], b"", queue="q")),
}


@pytest.mark.parametrize("name", READERS)
def test_twice_the_text_takes_twice_the_steps(name: str) -> None:
    reader = READERS[name]
    once, twice, four = (_steps(reader, times * reader.first) for times in (1, 2, 4))
    assert once > 0, "something of ours was run"
    assert four - twice <= 2.5 * max(twice - once, 40), f"{once}, {twice}, {four} steps"


def _steps(reader: Reader, size: int) -> int:
    given = reader.make(size)
    return steps(lambda: reader.read(given))


def test_a_reader_that_tries_again_from_each_place_would_be_told() -> None:
    def slow(text: str) -> None:
        for at in range(len(text)):
            distinguished_names.same_name(text[at:], NAME)

    reader = Reader(lambda n: "A=" + "a" * n, slow)
    once, twice, four = (_steps(reader, size) for size in (20, 40, 80))
    assert four - twice > 2.5 * (twice - once)
