"""One way into what others wrote: parsed in pipeline/xml alone, and its texts read in pipeline/text alone.

Two ways of reading one message are how what was signed and what is believed come apart.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapter
from tests.harness.source import tree_of, walked

PACKAGE = Path(adapter.__file__).parent
PARSING = {
    "fromstring",
    "parse",
    "iterparse",
    "XML",
    "XMLID",
    "fromstringlist",
    "XMLParser",
    "XMLPullParser",
    "iterwalk",
}
"""Ways of lxml to make a tree of bytes."""
READING = {"text", "tail", "findtext", "itertext", "text_content"}
"""Ways of lxml to the text of a tree; to set one is no reading."""
PARSERS = {
    "pipeline/xml.py": "the one parser of messages",
    "catalogue/check.py": "schemas, which are ours",
    "catalogue/load.py": "schemas, which are ours",
    "catalogue/slow_schemas.py": "schemas, which are ours",
    "simulator/sign.py": "the test window's own messages before they are sent, spelled as they were",
    "simulator/xades.py": "a signature that the test window makes",
}
READERS = {
    "pipeline/text.py": "the one reader of values",
    "catalogue/slow_schemas.py": "the copy of a schema, which is ours",
    "pipeline/signature/coverage.py": "canonical bytes, compared with what was signed",
    "services/watch/mode_notices.py": "the row of a stored notice",
    "services/portal_failure/documents.py": "an entry of a feed of ours",
    "services/access/administration.py": "the text of a code list or calendar",
    "simulator/sign.py": "a signature that the test window makes",
}
OTHER_TEXTS = {
    *("sa", "remark", "limits", "response", "text", "cell", "entry"),
    *("words", "kind", "asked", "notice", "letter", "line"),
}
"""Names whose `.text` is no element's: SQL, a remark on the configuration, a limit, a sheet's cell, what a
person typed, notices and letters of ours, and functions of pipeline/text."""


def _files() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield str(file.relative_to(PACKAGE)), tree_of(file)


def _parses(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in PARSING
        and isinstance(node.value, ast.Name)
        and node.value.id in ("etree", "objectify", "html")
        for node in walked(tree)
    )


def _reads(tree: ast.Module) -> bool:
    return any(_is_reading(node) for node in walked(tree))


def _is_reading(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in READING and isinstance(node.ctx, ast.Load):
        return not (isinstance(node.value, ast.Name) and node.value.id in OTHER_TEXTS)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # What an XPath computes of a text is a reading too; to count its letters is none.
        rest = node.value.replace("//text()[string-length() > $limit]", "")
        return "text()" in rest or "string(" in rest
    return False


def test_bytes_become_a_tree_in_one_place() -> None:
    assert {place for place, tree in _files() if _parses(tree)} == set(PARSERS)


def test_the_text_of_a_tree_becomes_a_value_in_one_place() -> None:
    assert {place for place, tree in _files() if _reads(tree)} == set(READERS)


@pytest.mark.parametrize(
    "smuggled",
    [
        "name = tree.findtext('Header/Subject/type')",
        "name = (element.text or '').strip()",
        "name = ''.join(element.itertext())",
        "name = before.tail",
        "name = etree.XPath('string(Header)')(tree)",
    ],
)
def test_another_way_of_reading_would_be_told(smuggled: str) -> None:
    assert _reads(ast.parse(smuggled))


def test_another_parser_would_be_told_and_setting_a_text_is_no_reading() -> None:
    assert _parses(ast.parse("tree = etree.fromstring(raw)"))
    assert not _reads(ast.parse("element.text = value"))
