"""Class 1: other spellings of the same signed content, and other lawful ways to sign. All of them must pass."""

from __future__ import annotations

import re
from copy import deepcopy
from xml.sax.saxutils import escape

from lxml import etree

from adapter.simulator.sign import ENVELOPED, EXCLUSIVE, INCLUSIVE
from tests.harness.attacks.attack import Attack, register, sent, written
from tests.harness.attacks.forge import C14N11, MORE, Forgery, Reference, forging
from tests.harness.attacks.trees import before_root, form, one, parse, without_declaration, write

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@sent
def escape_once(message: bytes) -> bytes:
    """The transport escaped the message as text (domain: seen at the real window)."""
    return escape(message.decode()).encode()


@sent
def escape_twice(message: bytes) -> bytes:
    """The same, escaped twice."""
    return escape_once(escape_once(message))


@sent
def escape_thrice(message: bytes) -> bytes:
    """Once more than is undone."""
    return escape_once(escape_twice(message))


@sent
def respell(message: bytes) -> bytes:
    """Other bytes: byte order mark, CR LF between lines, comments outside the root."""
    lines = before_root(message, b"<!-- re-spelled -->").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"\xef\xbb\xbf" + lines + b"<!-- end -->"


@sent
def drop_declaration(message: bytes) -> bytes:
    """No XML declaration."""
    return without_declaration(message)


@sent
def declare_in_single_quotes(message: bytes) -> bytes:
    """Another spelling of the XML declaration."""
    return b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n" + without_declaration(message)


@sent
def write_letters_as_references(message: bytes) -> bytes:
    """Every letter outside ASCII as a character reference; in CDATA there are none."""

    def spelled(found: re.Match[str]) -> str:
        return f"&#{ord(found[0])};" if len(found[0]) == 1 else found[0]

    return re.sub(r"<!\[CDATA\[.*?\]\]>|[^\x00-\x7f]", spelled, message.decode(), flags=re.DOTALL).encode()


@sent
def write_values_in_cdata(message: bytes) -> bytes:
    """The texts of Content in CDATA: canonical XML has them as plain text."""
    return re.sub(rb"<Name>([^<&]+)</Name>", rb"<Name><![CDATA[\1]]></Name>", message)


@sent
def comment_between_elements(message: bytes) -> bytes:
    """Comments in Header, Content and beside the signatures' wrappers; canonical XML has none."""
    for name in (b"Header", b"Subject", b"Content", b"Body"):
        message = message.replace(b"<" + name + b">", b"<" + name + b"><!-- " + name + b" -->", 1)
    return message.replace(b"</Content>", b"<!-- end --></Content>", 1)


@sent
def letters_of_a_doctype_in_a_comment(message: bytes) -> bytes:
    """No DTD, only its name."""
    return before_root(message, b"<!-- <!DOCTYPE Envelope> -->")


@sent
def declare_a_namespace_nobody_uses(message: bytes) -> bytes:
    """A prefix declared on the root on its way: exclusive C14N does not see it."""
    return message.replace(b"<Envelope>", b'<Envelope xmlns:unused="urn:unused">', 1)


@sent
def undeclare_no_namespace(message: bytes) -> bytes:
    """xmlns="" where there is no default namespace to leave: it says nothing, and canonical XML leaves it out."""
    return message.replace(b"<Content Id", b'<Content xmlns="" Id', 1)


@sent
def spell_attributes_otherwise(message: bytes) -> bytes:
    """Single quotes, and white space around the equals sign."""
    return message.replace(b'Id="content"', b"Id  =\n 'content'", 1)


@sent
def spell_empty_elements_otherwise(message: bytes) -> bytes:
    """Start and end tag instead of an empty-element tag."""
    return re.sub(rb"<([\w:]+)([^<>]*)/>", rb"<\1\2></\1>", message)


@sent
def comment_inside_value(message: bytes) -> bytes:
    """Split a text of the form by a comment. It is not signed: the value read must be the whole value."""
    return re.sub(rb"<FullName>(\w+ )", rb"<FullName>\1<!-- split -->", message, count=1)


@sent
def comment_inside_header_value(message: bytes) -> bytes:
    """The same in the header's reference."""
    return re.sub(rb"<reference>(...)", rb"<reference>\1<!-- split -->", message, count=1)


@sent
def comments_around_and_inside_signatures(message: bytes) -> bytes:
    """A gateway that writes its own name as comments, between the signatures' elements and inside their values."""
    for name in (b"SystemSignature", b"Signature", b"ds:SignedInfo", b"ds:DigestValue", b"ds:SignatureValue"):
        message = message.replace(b"<" + name + b">", b"<" + name + b"><!-- gateway -->")
    return message


@sent
def cdata_inside_value(message: bytes) -> bytes:
    """Half of a text in CDATA."""
    return re.sub(rb"<FullName>(\w+) ", rb"<FullName><![CDATA[\1 ]]>", message, count=1)


@sent
def lines_end_in_carriage_returns(message: bytes) -> bytes:
    """Lines end as on an old Macintosh; XML reads them as line feeds."""
    return message.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


@written
def all_on_one_line(message: bytes) -> bytes:
    """No white space between elements."""
    return re.sub(rb">\s+<", b"><", message)


@written
def indented_otherwise(message: bytes) -> bytes:
    """Tabs."""
    tree = parse(message)
    etree.indent(tree, "\t")
    return write(tree)


@written
def schema_location_that_leads_nowhere(message: bytes) -> bytes:
    """The declarant's tool names a schema on the web; nobody fetches it, and ours judges."""
    tree = parse(message)
    content = form(tree)
    content.set(f"{{{_XSI}}}noNamespaceSchemaLocation", "http://192.0.2.1/own.xsd")
    return write(tree)


@written
def nil_declared_on_each_of_forty_persons(message: bytes) -> bytes:
    """As Java's JAXB writes what is absent: it declares xsi anew on each nil element."""
    tree = parse(message)
    persons = one(tree, "Body/Content//Persons")
    for number in range(len(persons) + 1, len(persons) + 41):
        person = deepcopy(persons[-1])
        for name, text in {
            "Seq": str(number),
            "DocumentNumber": f"E8{number:07}",
            "VisaNumber": f"DL27{number:06}",
        }.items():
            one(person, name).text = text
        for known in person.findall("FullNameVi"):
            person.remove(known)
        person.append(etree.fromstring(f'<FullNameVi xmlns:xsi="{_XSI}" xsi:nil="true"/>'))
        persons.append(person)
    sexes = [one(person, "Sex").text for person in persons]
    for name, count in {"Persons": len(persons), "Male": sexes.count("M"), "Female": sexes.count("F")}.items():
        one(tree, f"Body/Content//Total{name}").text = str(count)
    return write(tree)


def _xsi_on_root(message: bytes) -> bytes:
    return message.replace(b"<Envelope>", f'<Envelope xmlns:xsi="{_XSI}">'.encode(), 1)


def _both(name: str, algorithm: str, transform: str = "") -> None:
    """Both signatures with the same canonicalisation."""
    step = transform or algorithm
    register(
        name,
        Attack(
            declared=forging(
                Forgery(
                    place="Body/Signature",
                    signer="enterprise",
                    canonicalization=algorithm,
                    references=(Reference(uri="#content", over="content", transforms=(step,)),),
                )
            ),
            sealed=forging(
                Forgery(
                    place="SystemSignature",
                    signer="nsw",
                    canonicalization=algorithm,
                    references=(Reference(uri="", over="envelope", transforms=(ENVELOPED, step)),),
                )
            ),
        ),
    )


_both("signed_with_inclusive_c14n", INCLUSIVE)
_both("signed_with_c14n_1_1", C14N11)
_both(
    "signed_with_inclusive_namespaces",
    EXCLUSIVE,
    f'<ds:Transform Algorithm="{EXCLUSIVE}"><ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="ds"/>'
    "</ds:Transform>",
)


def _declared(name: str, **said: object) -> None:
    register(
        name,
        Attack(declared=forging(Forgery(place="Body/Signature", signer="enterprise", **said))),  # type: ignore[arg-type]
    )


def _sealed(name: str, **said: object) -> None:
    register(name, Attack(sealed=forging(Forgery(place="SystemSignature", signer="nsw", **said))))  # type: ignore[arg-type]


_declared("signed_with_another_prefix", prefix="dsig")
_declared("signed_without_prefix_exclusive", prefix="")
_declared("signed_without_prefix_inclusive", prefix="", canonicalization=INCLUSIVE)
_declared("signed_with_sha384", hash="sha384", method=f"{MORE}rsa-sha384")
_declared("signed_with_sha512", hash="sha512", method=f"{MORE}rsa-sha512")
_declared(
    "signed_over_a_sha512_digest",
    references=(Reference(uri="#content", over="content", transforms=(EXCLUSIVE,), digest="sha512"),),
)
_declared(
    "signed_without_a_transform",
    references=(Reference(uri="#content", over="content"),),
)
_declared("signed_with_lines_of_base64", break_lines=True)
_declared("signed_with_an_indented_signature", indent=True)
_declared("signed_with_a_signature_id", attributes=' Id="signature-1"')
_sealed("sealed_without_key_info", key_info="")
_sealed("sealed_with_a_key_name", key_info="<ds:KeyName>nsw</ds:KeyName>")
register("root_declares_xsi_and_is_signed_inclusive", Attack(written=_xsi_on_root))
