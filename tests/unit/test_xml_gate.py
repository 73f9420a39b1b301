"""Hostile bytes at the gate: what is refused, by what name, and what must still pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

import pytest
from lxml import etree

from adapter.model.limits import Limits
from adapter.pipeline.xml import Refusal, canonical, gate, line_of, parse, pointer, uncanonical, unwrap

LIMITS = Limits(
    message_bytes=10_000,
    depth=8,
    elements=100,
    attributes=20,
    element_attributes=12,
    namespaces=5,
    text=4_000,
    references=3,
    transforms=4,
    findings=10,
    report_bytes=10_000,
    report_children=100,
    report_seconds=1.0,
)
PLAIN = "<Envelope><Body>Nguyễn</Body></Envelope>".encode()


def opened(raw: bytes) -> etree._Element:
    """The gates in the order in which opening passes them."""
    content, _ = unwrap(raw, LIMITS)
    gate(content, LIMITS)
    return parse(content, LIMITS)


def refused(raw: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        opened(raw)
    return caught.value.finding.name


# Unwrapping -----------------------------------------------------------------------------------------------------------


def test_plain_xml_is_not_unwrapped() -> None:
    assert unwrap(PLAIN, LIMITS) == (PLAIN, 0)


@pytest.mark.parametrize("levels", [1, 2])
def test_an_escaped_payload_is_unwrapped_and_its_levels_counted(levels: int) -> None:
    escaped = PLAIN.decode()
    for _ in range(levels):
        escaped = escape(escaped)

    assert unwrap(escaped.encode(), LIMITS) == (PLAIN, levels)


def test_a_payload_escaped_three_times_is_no_xml() -> None:
    assert refused(escape(escape(escape(PLAIN.decode()))).encode()) == "not_xml"


def test_numeric_references_are_undone_too() -> None:
    content, levels = unwrap(b"&#60;a&#x3E;&#7879;&#60;/a&#62;", LIMITS)

    assert (content.decode(), levels) == ("<a>ệ</a>", 1)


@pytest.mark.parametrize("reference", ["&#xD800;", "&#9999999;"])
def test_a_reference_to_no_character_does_not_break_unwrapping(reference: str) -> None:
    assert "\ufffd" in unwrap(f"&lt;a&gt;{reference}&lt;/a&gt;".encode(), LIMITS)[0].decode()


def test_a_text_with_entities_is_not_taken_for_an_escaped_payload() -> None:
    assert opened(b"<a>&lt;b&gt;</a>").text == "<b>"


def test_what_hides_in_an_escaped_payload_meets_the_same_gates() -> None:
    assert refused(escape('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>').encode()) == "doctype_forbidden"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert opened(b"\xef\xbb\xbf" + PLAIN).tag == "Envelope"


def test_a_message_over_its_size_is_refused_before_it_is_read() -> None:
    assert refused(b"\xff" * (LIMITS.message_bytes + 1)) == "too_large"


def test_a_message_of_exactly_its_size_passes() -> None:
    text = "x" * (LIMITS.message_bytes - len("<a></a>"))

    assert unwrap(f"<a>{text}</a>".encode(), LIMITS)[0] == f"<a>{text}</a>".encode()


# Encoding and version -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.decode().encode("utf-16"),
        PLAIN.decode().encode("utf-16-le"),
        PLAIN.decode().encode("utf-32-be"),
        '<?xml version="1.0" encoding="windows-1258"?><a/>'.encode("cp1258"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        b"<?xml version='1.0' encoding='UTF-7'?><a/>",
        b'<?xml version="1.1"?><a/>',
        b'<?xml version="1.1" encoding="UTF-8"?><a/>',
        "<a>Nguyễn</a>".encode("cp1258", errors="replace").replace(b"?", b"\xea"),
        b"<a>\x00</a>",
        b"<a>\xed\xa0\x80</a>",  # a surrogate in UTF-8
        b"<a>\xc0\xbc</a>",  # an overlong <
    ],
)
def test_another_encoding_or_version_is_refused(raw: bytes) -> None:
    assert refused(raw) == "encoding_not_utf8"


@pytest.mark.parametrize(
    "declaration",
    [
        '<?xml version="1.0"?>',
        "<?xml version='1.0' encoding='utf-8'?>",
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
        '<?xml version="1.0" encoding="us-ascii"?>',
    ],
)
def test_every_spelling_of_the_right_encoding_passes(declaration: str) -> None:
    assert opened(f"{declaration}<a/>".encode()).tag == "a"


def test_a_lie_about_ascii_is_found_by_the_parser() -> None:
    assert refused('<?xml version="1.0" encoding="US-ASCII"?><a>ễ</a>'.encode()) == "not_xml"


# DOCTYPE --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x "1"><!ENTITY y "&x;&x;">]>',
        '<!DOCTYPE a [<!ATTLIST a Id ID "content">]>',
        '<?xml version="1.0"?><!-- a comment --><?target data?>\n<!DOCTYPE a>',
    ],
)
def test_a_doctype_is_refused_wherever_it_stands(prolog: str) -> None:
    assert refused(f"{prolog}<a/>".encode()) == "doctype_forbidden"


@pytest.mark.parametrize("harmless", ["<!-- <!DOCTYPE a> -->", "<![CDATA[<!DOCTYPE a>]]>"])
def test_the_letters_alone_are_no_doctype(harmless: str) -> None:
    assert opened(f"<a>{harmless}</a>".encode()).tag == "a"


def test_the_letters_in_a_comment_before_the_root_are_no_doctype() -> None:
    assert opened(b"<!-- <!DOCTYPE a> --><a/>").tag == "a"


# Counts ---------------------------------------------------------------------------------------------------------------


def nested(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


def test_a_tree_of_exactly_the_depth_passes() -> None:
    assert opened(nested(LIMITS.depth)).tag == "a"


def test_a_tree_one_deeper_is_refused() -> None:
    assert refused(nested(LIMITS.depth + 1)) == "too_deep"


def test_a_tree_deeper_than_the_parser_goes_has_the_same_name() -> None:
    wide = replace(LIMITS, message_bytes=100_000, elements=10_000)
    with pytest.raises(Refusal) as caught:
        parse(nested(5_000), wide)

    assert caught.value.finding.name == "too_deep"


def test_as_many_elements_as_allowed_pass() -> None:
    assert len(opened(b"<a>" + b"<b></b>" * (LIMITS.elements - 1) + b"</a>")) == LIMITS.elements - 1


def many(part: Callable[[int], str], count: int) -> bytes:
    return ("<a " + " ".join(part(number) for number in range(count)) + "/>").encode()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"<a>" + b"<b></b>" * (LIMITS.elements + 20) + b"</a>", "too_many_elements"),
        (b"<a>" + b"<!---->" * (2 * LIMITS.elements + 20) + b"</a>", "too_many_elements"),
        (many(lambda number: f'b{number}="1"', LIMITS.attributes + 1), "too_many_attributes"),
        (many(lambda number: f"b{number} =\n'1'", LIMITS.attributes + 1), "too_many_attributes"),
        (many(lambda number: f'xmlns:b{number}="urn:b"', LIMITS.namespaces + 1), "too_many_namespaces"),
    ],
)
def test_more_parts_than_allowed_are_refused_before_parsing(raw: bytes, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        gate(raw, LIMITS)

    assert caught.value.finding.name == name


def test_declarations_one_after_the_other_are_as_many_as_attributes_may_be() -> None:
    """What costs is how many are in scope at once: C14N looks at each of them for each element."""
    raw = b"<a>" + b'<b xmlns:x="urn:x"/>' * LIMITS.attributes + b"</a>"
    assert len(opened(raw)) == LIMITS.attributes


@pytest.mark.parametrize("more", [0, 1])
def test_declarations_in_scope_at_once_are_counted_whoever_declares_them(more: int) -> None:
    depth = LIMITS.namespaces - 2
    inside = '<x xmlns:p="urn:p" xmlns:q="urn:q"/><y xmlns:r="urn:r"' + ' xmlns:s="urn:s" xmlns:t="urn:t"' * more + "/>"
    nested = "".join(f'<b xmlns:n{level}="urn:{level}">' for level in range(depth)) + inside + "</b>" * depth
    if more:
        assert refused(nested.encode()) == "too_many_namespaces"
    else:
        assert opened(nested.encode()).tag == "b"


def test_a_default_namespace_that_is_left_again_is_a_declaration_too() -> None:
    levels = LIMITS.namespaces + 1
    raw = "".join(f'<b xmlns="{"urn:x" if level % 2 else ""}">' for level in range(levels)) + "</b>" * levels
    assert refused(raw.encode()) == "too_many_namespaces"


def test_equals_signs_in_base64_are_no_attributes() -> None:
    assert opened(b"<a>" + b"QQ== " * (LIMITS.attributes + 1) + b"</a>").tag == "a"


def test_as_many_attributes_as_allowed_pass() -> None:
    element = many(lambda number: f'b{number}="1"', LIMITS.element_attributes)
    rest = LIMITS.attributes - LIMITS.element_attributes

    assert len(opened(b"<a>" + element[:-2] + b">" + b"<b c='1'/>" * rest + b"</a></a>")) == 1


def signature(name: str, count: int) -> bytes:
    return f'<a xmlns:d="urn:d">{f"<d:{name}/>" * count}</a>'.encode()


def children(count: int) -> bytes:
    return b"<a>" + b"<b/>" * count + b"</a>"


def attributes(count: int) -> bytes:
    return many(lambda number: f'b{number}="1"', count)


def text(count: int) -> bytes:
    return b"<a>" + b"x" * count + b"</a>"


def text_in_cdata(count: int) -> bytes:
    """Counting angle brackets must not be what finds a text's end."""
    return b"<a><![CDATA[" + b"<" * 150 + b"x" * (count - 150) + b"]]></a>"


def text_in_attribute(count: int) -> bytes:
    return b"<a b='" + b"x" * count + b"'/>"


def references(count: int) -> bytes:
    return signature("Reference", count)


def transforms(count: int) -> bytes:
    return signature("Transform", count)


@pytest.mark.parametrize(
    ("made", "limit", "name"),
    [
        (children, LIMITS.elements - 1, "too_many_elements"),
        (attributes, LIMITS.element_attributes, "too_many_attributes"),
        (text, LIMITS.text, "text_too_long"),
        (text_in_cdata, LIMITS.text, "text_too_long"),
        (text_in_attribute, LIMITS.text, "text_too_long"),
        (references, LIMITS.references, "too_many_references"),
        (transforms, LIMITS.transforms, "too_many_transforms"),
    ],
)
def test_exactly_as_much_as_allowed_passes_and_one_more_does_not(
    made: Callable[[int], bytes], limit: int, name: str
) -> None:
    assert opened(made(limit)).tag == "a"
    assert refused(made(limit + 1)) == name


def test_references_of_the_header_are_none_of_a_signature() -> None:
    assert opened(b"<a>" + b"<Reference/>" * (LIMITS.references + 1) + b"</a>").tag == "a"


@pytest.mark.parametrize(
    "raw",
    [
        b"<?xml-stylesheet href='x'?><a/>",
        b"<?xml version='1.0'?><?x?><a/>",
        b"<a><?x?></a>",
        b"<a>half<?x y?>half</a>",
        b"<a/><?x?>",
    ],
)
def test_a_processing_instruction_is_refused_wherever_it_stands(raw: bytes) -> None:
    assert refused(raw) == "processing_instruction"


@pytest.mark.parametrize("raw", [b"<a><!-- <?x?> --></a>", b"<a><![CDATA[<?x?>]]></a>", b"<?xml version='1.0'?><a/>"])
def test_what_only_looks_like_an_instruction_passes(raw: bytes) -> None:
    assert opened(raw).tag == "a"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"<a>10<!-- -->9</a>", "109"),
        (b"<a><!-- -->x</a>", "x"),
        (b"<a><!----><!-- y -->x<!----></a>", "x"),
        (b"<a>1<![CDATA[2]]><!-- -->&#51;<!-- --><![CDATA[<!-- 4 -->]]></a>", "123<!-- 4 -->"),
    ],
)
def test_the_texts_beside_a_comment_are_one_text(raw: bytes, text: str) -> None:
    tree = opened(raw)
    assert (tree.text, len(tree)) == (text, 0)


def test_comments_are_in_no_tree_inside_or_outside_the_root() -> None:
    tree = opened(b"<!-- a --><a><!-- b --><b/>x<!-- c -->y</a><!-- d -->")
    assert [node.tag for node in tree.iter()] == ["a", "b"]
    assert (tree.getprevious(), tree.getnext(), tree[0].tail) == (None, None, "xy")


# Parsing, canonical form, pointers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"{}",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>&nbsp;</a>",
        b"<a b='1' b='2'/>",
        b"<a>]]></a>",
        b" <?xml version='1.0'?><a/>",
    ],
)
def test_what_is_not_well_formed_is_told_as_such(raw: bytes) -> None:
    assert refused(raw) == "not_xml"


def test_a_parse_error_tells_its_line() -> None:
    with pytest.raises(Refusal) as caught:
        opened(b"<a>\n<b>\n</a>")

    assert caught.value.finding.words["line"] == "3"


def test_no_entity_and_no_external_text_is_ever_read() -> None:
    tree = parse(
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/hostname" parse="text"/></a>', LIMITS
    )

    assert "".join(tree.itertext()) == ""


def test_the_canonical_form_is_one_however_it_is_spelled() -> None:
    spellings = (b"<a b='1' c='2'><d/></a>", b'<a  c="2"   b="1"><d></d></a>', b"<a b='1' c='2'><!-- x --><d/></a>")

    assert {canonical(parse(spelling, LIMITS)) for spelling in spellings} == {b'<a b="1" c="2"><d></d></a>'}


def test_a_pointer_leads_back_to_its_element_and_line() -> None:
    tree = opened(b"<a>\n<b>\n<c/>\n</b>\n<b>\n<c/>\n</b>\n</a>")
    second = tree[1][0]

    assert pointer(second) == "/a/b[2]/c"
    assert line_of(tree, pointer(second)) == 6


def test_the_line_of_a_missing_element_is_its_parents() -> None:
    tree = opened(b"<a>\n<b/>\n</a>")

    assert line_of(tree, "/a/b/Missing") == 2


@pytest.mark.parametrize("path", ["/", "", "///[", "/x/y", "count(/a)"])
def test_a_pointer_to_nothing_has_no_line(path: str) -> None:
    assert line_of(opened(b"<a/>"), path) == 0


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (b'<a><b xmlns="urn:b"><c xmlns=""/></b><d xmlns="x"/></a>', "/a/*[2]"),
        (b'<a xmlns:n="../x"><b/></a>', "/a"),
        (b'<a><b><c xmlns:m="urn:m" xmlns:n="#x"/></b></a>', "/a/b/c"),
    ],
    ids=["behind-one-undeclared", "on-the-root", "beside-an-absolute-one"],
)
def test_a_relative_namespace_is_told_where_it_is_declared(raw: bytes, at: str) -> None:
    assert uncanonical(etree.fromstring(raw)).pointer == at
