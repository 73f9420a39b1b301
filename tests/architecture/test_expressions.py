"""No regular expression can be made to try a text in many ways: none of ours, none of a schema's, none of a route.

Python's engine goes back and tries again. Where a repetition stands inside another, or two that take the same
characters stand side by side, a text that does not fit is tried in n², n⁴ or 2ⁿ ways, and a stranger writes that text.
"""

from __future__ import annotations

import ast
import re
import re._constants as c  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elementpath.regex import translate_pattern
from lxml import etree

import adapter
from tests.harness.source import tree_of, walked

PACKAGE = Path(adapter.__file__).parent
ROOT = PACKAGE.parent
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
FROM_ANYWHERE = FUNCTIONS - {"compile", "match", "fullmatch"}
ALPHABET = [*map(chr, range(0x180)), "ạ", "中", " ", "\U0001f600"]
MANY = 64
"""From so many repetitions on it is one that a stranger fills."""
_REPEATS = {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}


def characters(node: Any) -> frozenset[str]:
    """Which characters of the alphabet a node can take, anywhere in what it matches."""
    kind, value = node
    if kind in _REPEATS:
        return taken(value[2])
    if kind is c.SUBPATTERN:
        return taken(value[3])
    if kind is c.ATOMIC_GROUP:
        return taken(value)
    if kind is c.BRANCH:
        return frozenset().union(*map(taken, value[1]))
    if kind in (c.AT, c.ASSERT, c.ASSERT_NOT):
        return frozenset()
    if kind is c.GROUPREF:
        return frozenset(ALPHABET)
    # One character: the engine itself says which.
    state = parser.State()
    state.str = ""
    one = re._compiler.compile(parser.SubPattern(state, [node]))  # type: ignore[attr-defined]
    return frozenset(each for each in ALPHABET if one.fullmatch(each))


def taken(nodes: Any) -> frozenset[str]:
    return frozenset().union(*map(characters, nodes)) if len(nodes) else frozenset()


def width(nodes: Any) -> tuple[int, int]:
    least, most = nodes.getwidth()
    return int(least), int(most)


def flat(nodes: Any) -> list[Any]:
    """A sequence with the groups that change nothing dissolved into it."""
    found: list[Any] = []
    for node in nodes:
        if node[0] is c.SUBPATTERN:
            found += flat(node[1][3])
        else:
            found.append(node)
    return found


def is_many(node: Any) -> bool:
    return node[0] in _REPEATS and (node[1][1] is c.MAXREPEAT or node[1][1] >= MANY)


def faults(nodes: Any) -> Iterator[str]:
    sequence = flat(nodes)
    for at, node in enumerate(sequence):
        kind, value = node
        if kind is c.BRANCH:
            for branch in value[1]:
                yield from faults(branch)
        elif kind in (c.ASSERT, c.ASSERT_NOT, c.ATOMIC_GROUP):
            yield from faults(value[1] if kind is not c.ATOMIC_GROUP else value)
        elif kind in _REPEATS:
            yield from faults(value[2])
            if is_many(node) and kind is not c.POSSESSIVE_REPEAT:
                yield from _inside(value[2])
                yield from _beside(node, sequence[at + 1 :])


def _inside(body: Any) -> Iterator[str]:
    """What a repetition repeats must be parted in one way: of one length, or told by what each turn begins with."""
    inner = flat(body)
    if any(is_many(each) for each in inner):
        yield "a repetition in a repetition"
    for branches in (node[1][1] for node in inner if node[0] is c.BRANCH):
        starts = [first(branch) for branch in branches]
        if any(one & other for at, one in enumerate(starts) for other in starts[at + 1 :]):
            yield "alternatives in a repetition that begin alike"
    least, most = width(body)
    alone = len(inner) == 1 and inner[0][0] is c.BRANCH
    begins = frozenset[str]() if inner[0][0] in _REPEATS else characters(inner[0])
    if least != most and not alone and (not begins or begins & frozenset().union(*map(characters, inner[1:]))):
        yield "a repetition of what has several lengths"


def first(nodes: Any) -> frozenset[str]:
    """The characters that a sequence can begin with."""
    found: frozenset[str] = frozenset()
    for node in flat(nodes):
        found |= characters(node)
        if node[0] not in _REPEATS or node[1][0] > 0:
            return found
    return found


def _beside(node: Any, behind: list[Any]) -> Iterator[str]:
    """Up to what ends it for sure, nothing behind a repetition may be one that takes the same characters."""
    own = characters(node)
    for each in behind:
        if is_many(each) and own & characters(each):
            yield "two repetitions side by side that take the same characters"
            return
        optional = each[0] in _REPEATS and each[1][0] == 0
        if not optional and each[0] is not c.AT and not own & characters(each):
            return


def faults_of(pattern: str | bytes, *, anywhere: bool = False) -> list[str]:
    parsed = parser.parse(pattern)
    found = list(faults(parsed))
    sequence = flat(parsed)
    # Looked for from each place on, a repetition at the beginning is read as often as it is long.
    if anywhere and len(sequence) > 1 and is_many(sequence[0]):
        found.append("looked for anywhere, and begins with a repetition")
    return found


def _constant(node: ast.AST) -> str | bytes | None:
    """The text of a literal; what is put into an f-string is one of our own constants."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


def _in_the_program() -> Iterator[tuple[str, str | bytes | None, bool]]:
    for file in PACKAGE.rglob("*.py"):
        tree = tree_of(file)
        found_anywhere = {
            node.func.value.id
            for node in walked(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in FROM_ANYWHERE
            and isinstance(node.func.value, ast.Name)
        }
        named = {
            id(node.value): node.targets[0].id
            for node in walked(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in walked(tree):
            if not isinstance(node, ast.Call):
                continue
            place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
            function = node.func
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == "re"
                and function.attr in FUNCTIONS
            ):
                anywhere = function.attr in FROM_ANYWHERE or named.get(id(node)) in found_anywhere
                yield place, _constant(node.args[0]), anywhere
            for keyword in node.keywords:
                if keyword.arg == "pattern" and (text := _constant(keyword.value)) is not None:
                    yield place, text, False


def _in_the_schemas() -> Iterator[tuple[str, str]]:
    for file in (ROOT / "schemas").rglob("*.xsd"):
        for element in etree.parse(file).iter("{http://www.w3.org/2001/XMLSchema}pattern"):
            # As the second validator runs it: translated to Python's own.
            yield (
                f"{file.relative_to(ROOT)}:{element.sourceline}",
                translate_pattern(
                    str(element.get("value")), back_references=False, lazy_quantifiers=False, anchors=False
                ),
            )


def test_no_expression_of_the_program_tries_a_text_in_many_ways() -> None:
    found = list(_in_the_program())
    assert len(found) > 20, "the program has expressions"
    assert [place for place, text, _ in found if text is None] == [], "an expression is a literal, so that it is seen"
    told = {place: faults_of(text, anywhere=anywhere) for place, text, anywhere in found if text is not None}
    assert {place: each for place, each in told.items() if each} == {}


def test_no_pattern_of_a_schema_tries_a_value_in_many_ways() -> None:
    found = list(_in_the_schemas())
    assert len(found) > 15, "schemas have patterns"
    told = {f"{place} {text}": faults_of(text) for place, text in found}
    assert {place: each for place, each in told.items() if each} == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s*[^=,;+]+=\s*",
        r"(?:(?:a)*)*",
        r"(a+)+b",
        r"(?:[ab]x|[bc]x)*",
        r"(?:ab?a?)*c",
        r"(\s*[^\s]\s*)+",
        r".*a.*b",
        r"[a-z]+[0-9]?[a-z]+",
        r"(?:a?b?)*c",
        r"x*(?:-?)x*",
        r"(?:[A-Z]|\w+)*",
    ],
)
def test_an_expression_that_can_be_made_to_try_for_hours_is_told(pattern: str) -> None:
    assert faults_of(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:\\[0-9A-Fa-f]{2})+",
        r'"(?:[^"\\]|\\.)*"',
        r"[A-Z0-9<]+",
        r"\s*\S[\s\S]*",
        r"[0-9]{10}(-[0-9]{3})?",
        r"[a-z]+=[a-z]+",
        r"(a|ab)*c",
    ],
)
def test_an_expression_that_goes_one_way_is_not(pattern: str) -> None:
    assert not faults_of(pattern)


def test_what_is_looked_for_anywhere_does_not_begin_with_a_repetition() -> None:
    assert faults_of(r"\s+=", anywhere=True)
    assert not faults_of(r"[^\w]+", anywhere=True), "it always fits where it begins"
