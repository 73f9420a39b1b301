"""Services have typed records: no `Any`, and no row of the store that is not typed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import adapter

ROOT = Path(adapter.__file__).parent
UNTYPED = {"Any", "Row", "RowMapping", "Result", "CursorResult"}
MAKES_RECORDS = {"made", "made_all", "made_first"}


def modules(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def named(tree: ast.AST) -> set[str]:
    return {each.id if isinstance(each, ast.Name) else each.attr for each in ast.walk(tree) if is_name(each)}


def is_name(each: ast.AST) -> bool:
    return isinstance(each, ast.Name | ast.Attribute)


def test_services_have_no_any() -> None:
    found = [f"{path}" for path, tree in modules("services") if named(tree) & {"Any"}]
    assert not found, "a service states what it has: a typed record, `object`, or a type of the model"


def test_the_store_gives_no_untyped_row() -> None:
    found = [
        f"{path}: {each.name}"
        for path, tree in modules("gateways/store")
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and each.name not in MAKES_RECORDS
        if each.returns is not None and gives_rows(each.returns)
    ]
    assert not found, "a statement gives records (`gateways/store/records.py`: made_all, made_first)"


def gives_rows(returns: ast.expr) -> bool:
    return bool(named(returns) & UNTYPED)
