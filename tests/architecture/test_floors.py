"""Imports point down only (setup.cfg, import-linter), and no module has a name that says nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import adapter
from tests.harness.source import tree_of, walked

PACKAGE = Path(adapter.__file__).parent
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "misc"}


def test_imports_point_down_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ran = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout


def test_no_module_has_an_empty_name() -> None:
    assert [file for file in PACKAGE.rglob("*.py") if file.stem in EMPTY_WORDS] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if "versions" not in file.parts and not file.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def public_classes() -> dict[str, list[str]]:
    """Each public class's name, with the modules in which a class of that name is made."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in walked(tree_of(file)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(file.relative_to(PACKAGE)))
    return found


def test_no_two_public_classes_have_one_name() -> None:
    found = public_classes()
    assert "Intake" in found
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


LINES, STATEMENTS = 350, 45
"""A module reads in one sitting, a function on one screen."""


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in walked(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without its docstring."""
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    told = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - told


def too_long(file: Path) -> Iterator[str]:
    """Where a module or a function is too long and no sentence in it says why ("Longer than 45 lines: ...")."""
    text = file.read_text(encoding="utf-8")
    tree = tree_of(file)
    lines = text.splitlines()
    if len(lines) > LINES and "Longer than 350 lines: " not in (ast.get_docstring(tree) or ""):
        yield f"{file.relative_to(PACKAGE)}: {len(lines)} lines"
    for node in functions(tree):
        said = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if lines_of(node) > STATEMENTS and "Longer than 45 lines: " not in said:
            yield f"{file.relative_to(PACKAGE)}: {node.name} has {lines_of(node)} lines"


def test_no_module_and_no_function_is_too_long_without_saying_why() -> None:
    files = [file for file in sorted(PACKAGE.rglob("*.py")) if "versions" not in file.parts]
    assert len(files) > 100
    assert [fault for file in files for fault in too_long(file)] == []
