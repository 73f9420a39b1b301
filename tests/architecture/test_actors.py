"""Use cases are told who acts by an `Actor`, whose rights they can ask for; a name in a string has none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

import adapter
from tests.harness.pki import ROOT
from tests.harness.source import tree_of, walked

PACKAGE = ROOT / adapter.__name__
WHO = {"actor", "officer", "caller", "operator", "by_whom"}


def named_by_a_string(tree: ast.Module) -> Iterator[str]:
    """Functions that are told in a string who acts."""
    for node in walked(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            stated = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if any(each.arg in WHO and each.annotation and ast.unparse(each.annotation) == "str" for each in stated):
                yield node.name


def test_no_use_case_is_told_in_a_string_who_acts() -> None:
    found = {
        str(file.relative_to(PACKAGE)): names
        for folder in ("services", "entrypoints")
        for file in sorted((PACKAGE / folder).rglob("*.py"))
        if (names := list(named_by_a_string(tree_of(file))))
    }
    assert found == {}


@pytest.mark.parametrize("told", ["actor: str", "*, officer: str = 'x'", "a, /, caller: str"])
def test_one_that_is_would_be_found(told: str) -> None:
    assert list(named_by_a_string(ast.parse(f"def accept({told}): ..."))) == ["accept"]
