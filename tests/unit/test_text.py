"""Values out of elements: one text is one value, however it is spelled, and blank is nothing."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapter.pipeline import text
from adapter.pipeline.xml import reparsed

LETTERS = st.characters(min_codepoint=0x20, max_codepoint=0x1EF9, exclude_categories=("C",))
PIECES = st.lists(st.tuples(st.text(LETTERS, max_size=5), st.sampled_from(["plain", "cdata", "reference"])), max_size=6)
COMMENTS = st.sampled_from(["", "<!---->", "<!-- a -->", "<!--<b>--><!--]]>-->"])


def spelled(piece: str, how: str) -> str:
    if how == "cdata":
        return "".join(f"<![CDATA[{part}]]>" for part in piece.replace("]]>", "]]]]><![CDATA[>").split("\0"))
    return "".join(f"&#x{ord(letter):X};" for letter in piece) if how == "reference" else escape(piece)


@given(PIECES, st.lists(COMMENTS, min_size=7, max_size=7))
def test_a_text_reads_the_same_however_it_is_put_together(pieces: list[tuple[str, str]], comments: list[str]) -> None:
    inside = "".join(f"{comment}{spelled(*piece)}" for piece, comment in zip(pieces, comments, strict=False))
    element = reparsed(f"<a>{inside}{comments[-1]}</a>".encode())
    said = "".join(piece for piece, _ in pieces)
    assert text.raw(element) == said
    assert text.value(element) == said.strip()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("b", "1"),
        ("b/c", "2"),
        ("b@k", "3"),
        ("b/@k", "3"),
        ("@r", "4"),
        ("x", ""),
        ("x@k", ""),
        ("b@x", ""),
        ("d", ""),
    ],
)
def test_a_path_leads_to_the_first_element_or_to_an_attribute(path: str, said: str) -> None:
    tree = reparsed(b'<a r=" 4 "><b k="3"> 1 <c>2</c></b><b>9</b><d>  </d></a>')
    assert text.value_at(tree, path) == said


def test_of_nothing_there_is_nothing_to_read() -> None:
    assert (text.value(None), text.values(None)) == ("", {})
    assert not text.holds_something(etree.Element("a"))
    assert not text.holds_something(reparsed(b"<a> \n<!-- --> </a>"))
    assert text.holds_something(reparsed(b"<a><b/></a>"))


BELOW = st.lists(st.tuples(st.sampled_from("xyz"), st.text("0 1", max_size=3)), max_size=4)


@given(st.lists(st.tuples(st.sampled_from("abc"), BELOW), max_size=5))
@settings(deadline=None)
def test_all_values_two_steps_below_are_those_that_are_found_one_by_one(
    children: list[tuple[str, list[tuple[str, str]]]],
) -> None:
    def written(tag: str, inside: str) -> str:
        return f"<{tag}>{inside}</{tag}>"

    inside = "".join(written(tag, "".join(written(*each) for each in below)) for tag, below in children)
    parent = reparsed(written("root", inside).encode())
    found = text.values_below(parent)
    paths = {f"{tag}/{name}" for tag in "abc" for name in "xyz"}
    assert found.keys() <= paths
    assert {path: found.get(path, "") for path in paths} == {path: text.value_at(parent, path) for path in paths}
