"""Class 5: signature wrapping. The signed content stays in the message, and something else takes its place."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from adapter.simulator.sign import DS
from tests.harness.attacks.attack import Attack, register, sealing, sent
from tests.harness.attacks.trees import DECLARANT, SYSTEM, forged_copy, form, one, parse, write

_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


def _ds(name: str) -> str:
    return f"{{{DS}}}{name}"


def _swap(
    message: bytes, aside: Callable[[etree._ElementTree, etree._Element], None], *, identifier: str | None
) -> bytes:
    """A forged Content takes the place of the genuine one, which `aside` puts elsewhere."""
    tree = parse(message)
    genuine = one(tree, "Body/Content")
    forged = forged_copy(genuine)
    forged.attrib.pop("Id")
    if identifier:
        forged.set("Id", identifier)
    genuine.tail = None
    body = one(tree, "Body")
    body.replace(genuine, forged)
    aside(tree, genuine)
    return write(tree)


def _under(path: str, *names: str) -> Callable[[etree._ElementTree, etree._Element], None]:
    def put(tree: etree._ElementTree, genuine: etree._Element) -> None:
        parent = one(tree, path)
        for name in names:
            parent = etree.SubElement(parent, name)
        parent.append(genuine)

    return put


def _before_signature(tree: etree._ElementTree, genuine: etree._Element) -> None:
    one(tree, DECLARANT).addprevious(genuine)


@sealing
def wrap_content(message: bytes) -> bytes:
    """The signed Content moves aside with its Id, a forged one without Id takes its place."""
    return _swap(message, _under("Body", "Original"), identifier=None)


@sealing
def duplicate_id(message: bytes) -> bytes:
    """The same, with the same Id on both."""
    return _swap(message, _under("Body", "Original"), identifier="content")


@sealing
def original_as_second_content(message: bytes) -> bytes:
    """Both Contents side by side, the forged one first."""
    return _swap(message, lambda tree, genuine: one(tree, "Body").insert(1, genuine), identifier="forged")


@sealing
def original_as_first_content(message: bytes) -> bytes:
    """Both Contents side by side, the genuine one first."""
    return _swap(message, lambda tree, genuine: one(tree, "Body").insert(0, genuine), identifier="forged")


@sealing
def original_in_header(message: bytes) -> bytes:
    """The signed Content in the header; the forged one has another Id."""
    return _swap(message, _under("Header"), identifier="forged")


@sealing
def original_in_header_with_the_same_id(message: bytes) -> bytes:
    """The signed Content in the header; the forged one has its Id too."""
    return _swap(message, _under("Header"), identifier="content")


@sealing
def original_in_legacy_header_signature(message: bytes) -> bytes:
    """The signed Content in the header's legacy place for signatures."""
    return _swap(message, _under("Header", "Signature"), identifier="content")


@sealing
def original_in_object(message: bytes) -> bytes:
    """The signed Content in a ds:Object of its own signature."""
    return _swap(message, _under(DECLARANT, _ds("Object")), identifier="content")


@sealing
def original_in_object_alone(message: bytes) -> bytes:
    """The same; the forged Content has no Id, so that nothing is doubled."""
    return _swap(message, _under(DECLARANT, _ds("Object")), identifier=None)


@sealing
def original_in_key_info(message: bytes) -> bytes:
    """The signed Content in the signature's KeyInfo, which nobody signs."""
    return _swap(message, _under(f"{DECLARANT}/{_ds('KeyInfo')}"), identifier="content")


@sealing
def original_before_its_signature(message: bytes) -> bytes:
    """The signed Content beside its signature, in the wrapper."""
    return _swap(message, _before_signature, identifier="content")


@sealing
def original_inside_forged(message: bytes) -> bytes:
    """The signed Content inside the forged one."""
    return _swap(message, _under("Body/Content"), identifier="forged")


@sealing
def original_inside_forged_with_the_same_id(message: bytes) -> bytes:
    """The same, both with one Id."""
    return _swap(message, _under("Body/Content"), identifier="content")


@sealing
def original_inside_a_value(message: bytes) -> bytes:
    """The signed Content deep in the forged form."""
    return _swap(message, _under("Body/Content/*", "Extra"), identifier="content")


@sealing
def forged_inside_original(message: bytes) -> bytes:
    """A forged form beside the signed one, in the signed Content."""
    tree = parse(message)
    form(tree).addprevious(forged_copy(form(tree)))
    return write(tree)


def _bearer(name: str, attribute: str) -> None:
    """The forged Content keeps the Id; the signed one, in the header, has the same value under another spelling."""

    def aside(tree: etree._ElementTree, genuine: etree._Element) -> None:
        del genuine.attrib["Id"]
        genuine.set(attribute, "content")
        one(tree, "Header").append(genuine)

    register(name, Attack(sealing=lambda message: _swap(message, aside, identifier="content")))


_bearer("original_with_id_in_capitals", "ID")
_bearer("original_with_id_in_small_letters", "id")
_bearer("original_with_xml_id", _XML_ID)
_bearer(
    "original_with_wsu_id", "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
)


@sealing
def id_moves_to_the_form(message: bytes) -> bytes:
    """The Id on the element inside Content."""
    tree = parse(message)
    content = one(tree, "Body/Content")
    form(tree).set("Id", content.attrib.pop("Id"))
    return write(tree)


@sealing
def id_moves_to_the_body(message: bytes) -> bytes:
    """The Id on the element around Content."""
    tree = parse(message)
    content = one(tree, "Body/Content")
    one(tree, "Body").set("Id", content.attrib.pop("Id"))
    return write(tree)


@sealing
def id_of_content_in_small_letters(message: bytes) -> bytes:
    """Content bears its identifier in an attribute that no signature is looked up by."""
    return message.replace(b'<Content Id="', b'<Content id="', 1)


@sent
def signature_as_root(message: bytes) -> bytes:
    """The whole envelope inside its own signature."""
    tree = parse(message)
    signature = one(tree, SYSTEM)
    one(tree, "SystemSignature").remove(signature)
    etree.SubElement(signature, _ds("Object")).append(tree.getroot())
    return write(etree.ElementTree(signature))


@sent
def envelope_in_envelope(message: bytes) -> bytes:
    """The genuine envelope inside the Content of a forged one that has its seal."""
    tree = parse(message)
    outer = etree.ElementTree(deepcopy(tree.getroot()))
    forged = forged_copy(form(outer))
    content = one(outer, "Body/Content")
    content.replace(form(outer), forged)
    content.append(tree.getroot())
    return write(outer)


@sent
def envelope_in_header(message: bytes) -> bytes:
    """The genuine envelope in the header of the forged one."""
    tree = parse(message)
    outer = etree.ElementTree(deepcopy(tree.getroot()))
    content = one(outer, "Body/Content")
    content.replace(form(outer), forged_copy(form(outer)))
    one(outer, "Header").append(tree.getroot())
    return write(outer)


@sent
def envelope_in_object(message: bytes) -> bytes:
    """The genuine envelope in a ds:Object of the seal."""
    tree = parse(message)
    outer = etree.ElementTree(deepcopy(tree.getroot()))
    content = one(outer, "Body/Content")
    content.replace(form(outer), forged_copy(form(outer)))
    etree.SubElement(one(outer, SYSTEM), _ds("Object")).append(tree.getroot())
    return write(outer)


@sent
def second_signature(message: bytes) -> bytes:
    """A copy of the system signature beside it."""
    return _double(message, SYSTEM)


@sealing
def second_declarant_signature(message: bytes) -> bytes:
    """A copy of the declarant's signature beside it."""
    return _double(message, DECLARANT)


@sent
def bad_signature_before_the_good_one(message: bytes) -> bytes:
    """Two system signatures, the broken one first."""
    return _beside(message, SYSTEM, first=True)


@sent
def bad_signature_behind_the_good_one(message: bytes) -> bytes:
    """Two system signatures, the good one first."""
    return _beside(message, SYSTEM, first=False)


@sealing
def bad_declarant_signature_before_the_good_one(message: bytes) -> bytes:
    """Two signatures of the declarant, the broken one first."""
    return _beside(message, DECLARANT, first=True)


@sent
def signature_inside_signature(message: bytes) -> bytes:
    """The good signature in a ds:Object of a broken copy of itself."""
    tree = parse(message)
    good = one(tree, SYSTEM)
    broken = _broken(good)
    good.addprevious(broken)
    etree.SubElement(broken, _ds("Object")).append(good)
    return write(tree)


@sent
def move_signature_to_header(message: bytes) -> bytes:
    """The system signature in the legacy Header/Signature."""
    return _move(message, SYSTEM, "Header/Signature")


@sealing
def move_declarant_signature_to_header(message: bytes) -> bytes:
    """The declarant's signature in the legacy Header/Signature."""
    return _move(message, DECLARANT, "Header/Signature")


@sealing
def move_declarant_signature_into_content(message: bytes) -> bytes:
    """The declarant's signature in the Content that it signs."""
    return _move(message, DECLARANT, "Body/Content/*/Signature")


@sent
def exchange_the_signatures(message: bytes) -> bytes:
    """Each signature in the other's place."""
    tree = parse(message)
    system, declarant = one(tree, SYSTEM), one(tree, DECLARANT)
    one(tree, "SystemSignature").append(declarant)
    one(tree, "Body/Signature").append(system)
    return write(tree)


@sent
def signed_info_twice_the_good_one_first(message: bytes) -> bytes:
    """Two SignedInfo: the one that is verified need not be the one that is read."""
    return _second_signed_info(message, first=True)


@sent
def signed_info_twice_the_good_one_last(message: bytes) -> bytes:
    """The same in the other order."""
    return _second_signed_info(message, first=False)


@sent
def signed_info_wrapped(message: bytes) -> bytes:
    """The good SignedInfo one level down."""
    tree = parse(message)
    signature = one(tree, SYSTEM)
    good = one(signature, _ds("SignedInfo"))
    outer = deepcopy(good)
    signature.replace(good, outer)
    outer.append(good)
    return write(tree)


@sent
def comment_in_signed_info(message: bytes) -> bytes:
    """A comment splits the digest value; canonical XML does not have it."""
    return message.replace(b"<ds:DigestValue>", b"<ds:DigestValue>AAAA<!-- -->", 1)


@sent
def two_references(message: bytes) -> bytes:
    """The good reference twice."""
    return _double(message, f"{SYSTEM}/{_ds('SignedInfo')}/{_ds('Reference')}")


@sent
def two_bodies(message: bytes) -> bytes:
    """A forged Body before the genuine one."""
    tree = parse(message)
    body = one(tree, "Body")
    body.addprevious(forged_copy(body))
    return write(tree)


@sent
def two_headers(message: bytes) -> bytes:
    """A forged Header before the genuine one."""
    tree = parse(message)
    header = one(tree, "Header")
    header.addprevious(deepcopy(header))
    return write(tree)


@sent
def two_seals(message: bytes) -> bytes:
    """SystemSignature twice, the first one empty."""
    tree = parse(message)
    one(tree, "SystemSignature").addprevious(etree.Element("SystemSignature"))
    return write(tree)


def _broken(signature: etree._Element) -> etree._Element:
    copied = deepcopy(signature)
    digest = next(copied.iter(_ds("DigestValue")))
    digest.text = "A" * 43 + "="
    return copied


def _beside(message: bytes, path: str, *, first: bool) -> bytes:
    tree = parse(message)
    good = one(tree, path)
    if first:
        good.addprevious(_broken(good))
    else:
        good.addnext(_broken(good))
    return write(tree)


def _second_signed_info(message: bytes, *, first: bool) -> bytes:
    tree = parse(message)
    good = one(tree, f"{SYSTEM}/{_ds('SignedInfo')}")
    forged = _broken(good)
    if first:
        good.addnext(forged)
    else:
        good.addprevious(forged)
    return write(tree)


def _double(message: bytes, path: str) -> bytes:
    tree = parse(message)
    element = one(tree, path)
    element.addnext(deepcopy(element))
    return write(tree)


def _move(message: bytes, path: str, to: str) -> bytes:
    tree = parse(message)
    parent_path, _, name = to.rpartition("/")
    place = tree.find(to)
    if place is None:
        place = etree.SubElement(one(tree, parent_path), name)
    place.append(one(tree, path))
    return write(tree)
