"""The program's own source, parsed once for all rules that look at it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import adapter

PACKAGE = Path(adapter.__file__).parent


@cache
def tree_of(file: Path) -> ast.Module:
    """A module of the program or of its tests. Nobody may change a tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def walked(tree: ast.Module) -> tuple[ast.AST, ...]:
    """All nodes of a module, gone through once: thirty rules ask for them."""
    return tuple(ast.walk(tree))


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module by its path below adapter/."""
    return tuple((str(file.relative_to(PACKAGE)), tree_of(file)) for file in sorted(PACKAGE.rglob("*.py")))


@cache
def names_of_tests() -> frozenset[str]:
    """Every test of the suite by its name."""
    files = (PACKAGE.parent / "tests").rglob("*.py")
    texts = (file.read_text(encoding="utf-8") for file in files)
    return frozenset(name for text in texts for name in re.findall(r"^\s*def (test_\w+)", text, re.M))


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Every node of every module, with the module's path."""
    return tuple((place, node) for place, tree in modules() for node in walked(tree))
