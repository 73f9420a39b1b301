"""Classes 2 to 4: a genuine message changed in one place; whoever judges must see it, or read what was signed."""

from __future__ import annotations

from lxml import etree

from adapter.simulator.sign import DS
from tests.harness.attacks.attack import Attack, register, sealing, sent, written
from tests.harness.attacks.trees import DECLARANT, SYSTEM, a_text, form, one, other, parse, remove, with_value, write


@sent
def change_signed_content(message: bytes) -> bytes:
    """Change one letter of one text of Content: well-formed and valid still."""
    tree = parse(message)
    leaf = a_text(one(tree, "Body/Content"))
    leaf.text = other(leaf.text or "")
    return write(tree)


@sent
def change_header(message: bytes) -> bytes:
    """Another unit in the header: only the system's signature covers it."""
    return with_value(message, "Header/To/unitCode", "CK-MONGCAI")


@sent
def change_an_attribute(message: bytes) -> bytes:
    """Another Id on Content, and in the reference that names it."""
    return message.replace(b'Id="content"', b'Id="contents"').replace(b'"#content"', b'"#contents"')


@sent
def add_an_attribute(message: bytes) -> bytes:
    """An attribute on the form."""
    tree = parse(message)
    form(tree).set("added", "1")
    return write(tree)


@sent
def add_white_space(message: bytes) -> bytes:
    """One space between two elements of the form."""
    return message.replace(b"<DossierYear>", b" <DossierYear>", 1)


@sent
def add_an_element(message: bytes) -> bytes:
    """One element more in the form."""
    tree = parse(message)
    etree.SubElement(form(tree), "Added")
    return write(tree)


@sent
def drop_an_element(message: bytes) -> bytes:
    """One element less."""
    tree = parse(message)
    remove(one(form(tree), "Declarant/Email"))
    return write(tree)


@sent
def reorder_elements(message: bytes) -> bytes:
    """Two elements of the form change places."""
    tree = parse(message)
    root = form(tree)
    root.append(root[0])
    return write(tree)


@sent
def text_that_looks_like_a_declaration(message: bytes) -> bytes:
    """The letters ` xmlns=""` added to a value: a documented switch of signxml takes them out before digesting."""
    return message.replace(b"</Itinerary>", b' xmlns=""</Itinerary>', 1)


@sent
def move_into_a_namespace(message: bytes) -> bytes:
    """A default namespace on an element of the form."""
    return message.replace(b"<Principal>", b'<Principal xmlns="urn:other">', 1)


@sent
def move_out_of_its_namespace(message: bytes) -> bytes:
    """xmlns="" on a child of the signature."""
    return message.replace(b"<ds:SignatureValue>", b'<SignatureValue xmlns="">', 1).replace(
        b"</ds:SignatureValue>", b"</SignatureValue>", 1
    )


@sent
def default_namespace_on_the_root(message: bytes) -> bytes:
    """The whole envelope in a namespace."""
    return message.replace(b"<Envelope>", b'<Envelope xmlns="urn:other">', 1)


@sent
def declare_a_namespace_under_inclusive_c14n(message: bytes) -> bytes:
    """A prefix declared on the root on its way: inclusive C14N does see it."""
    return message.replace(b"<Envelope>", b'<Envelope xmlns:unused="urn:unused">', 1)


@sent
def language_on_the_root(message: bytes) -> bytes:
    """xml:lang on an ancestor of what was signed."""
    return message.replace(b"<Envelope>", b'<Envelope xml:lang="vi">', 1)


@sent
def signature_in_another_namespace(message: bytes) -> bytes:
    """A signature that is none."""
    return message.replace(DS.encode(), b"urn:not-a-signature")


@sent
def drop_system_signature(message: bytes) -> bytes:
    """Empty the place of the system signature."""
    return _drop(message, SYSTEM)


@sealing
def drop_declarant_signature(message: bytes) -> bytes:
    """Empty the place of the declarant's signature."""
    return _drop(message, DECLARANT)


@sent
def break_signature_value(message: bytes) -> bytes:
    """Change one character of the system signature's value."""
    return _break(message, f"{SYSTEM}/{{{DS}}}SignatureValue")


@sealing
def break_declarant_signature(message: bytes) -> bytes:
    """Change one character of the declarant's signature value."""
    return _break(message, f"{DECLARANT}/{{{DS}}}SignatureValue")


@sent
def break_digest_value(message: bytes) -> bytes:
    """Change one character of the system signature's digest."""
    return _break(message, f"{SYSTEM}//{{{DS}}}DigestValue")


@sealing
def break_declarant_digest(message: bytes) -> bytes:
    """Change one character of the declarant's digest."""
    return _break(message, f"{DECLARANT}//{{{DS}}}DigestValue")


@sent
def empty_signature_value(message: bytes) -> bytes:
    """A system signature without a value."""
    return with_value(message, f"{SYSTEM}/{{{DS}}}SignatureValue", "")


@sent
def empty_signature(message: bytes) -> bytes:
    """A ds:Signature without anything in it."""
    tree = parse(message)
    signature = one(tree, SYSTEM)
    for child in list(signature):
        signature.remove(child)
    return write(tree)


@sealing
def change_declared_content(message: bytes) -> bytes:
    """Change what the declarant signed, before the window seals it."""
    return change_signed_content(message)


@sealing
def instruction_in_declared_value(message: bytes) -> bytes:
    """A processing instruction inside a value that the declarant signed, before the window seals it."""
    return message.replace(b"<FullName>LI", b"<FullName>LI<?split here?>", 1)


@written
def instruction_in_signed_value(message: bytes) -> bytes:
    """A processing instruction inside a value, signed by all: who reads only the text before it reads half a name."""
    return message.replace(b"<FullName>LI", b"<FullName>LI<?split here?>", 1)


@written
def instruction_in_header_value(message: bytes) -> bytes:
    """The same in the message's identifier."""
    return message.replace(b"</messageId>", b"<?split here?>0</messageId>", 1)


@sent
def instruction_before_the_root(message: bytes) -> bytes:
    """A style sheet: a spec-conform digest of the whole document covers it, others do not."""
    return message.replace(b"<Envelope>", b'<?xml-stylesheet href="http://192.0.2.1/x.xsl"?><Envelope>', 1)


def _drop(message: bytes, path: str) -> bytes:
    tree = parse(message)
    remove(one(tree, path))
    return write(tree)


def _break(message: bytes, path: str) -> bytes:
    tree = parse(message)
    value = one(tree, path)
    text = value.text or ""
    value.text = ("B" if text[0] == "A" else "A") + text[1:]
    return write(tree)


def _relative(name: str, start: bytes) -> None:
    """A namespace that is no absolute URI, put where a start tag begins so: canonical XML refuses the whole."""
    register(name, Attack(sent=lambda message: message.replace(start, start + b' xmlns:x="rel"', 1)))


_relative("relative_namespace_on_the_root", b"<Envelope")
_relative("relative_namespace_on_the_header", b"<Header")
_relative("relative_namespace_on_the_content", b"<Content")
_relative("relative_namespace_on_the_seal", b"<SystemSignature")
