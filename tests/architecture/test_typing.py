"""Services have typed records: no `Any` and no untyped row of the store. Wherever else `Any` stands, here is why."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import adapter
from tests.harness.source import tree_of, walked

ROOT = Path(adapter.__file__).parent
UNTYPED = {"Any", "Row", "RowMapping", "Result", "CursorResult"}
MAKES_RECORDS = {"made", "made_all", "made_first"}
TYPE_OF_A_COLUMN = "gateways/store/tables.py"
REASONS = {
    "__main__.py": "arguments of a signal handler",
    "catalogue/": "documents of YAML, before their shape is checked",
    "cli/": "parameters of typer and click, values that are printed as JSON",
    "entrypoints/": "fields of log events, arguments of http.server, FastAPI and multiprocessing",
    "gateways/": "statements and rows of SQLAlchemy, values of pika, PKCS #11 and Authlib",
    "model/events.py": "fields of log events",
    "pipeline/forms/layout.py": "components of xmlschema",
    "pipeline/forms/places.py": "components of xmlschema",
    "pipeline/rules/codes.py": "arguments of rules, as YAML states them",
    "pipeline/rules/general.py": "arguments of rules, as YAML states them",
    "pipeline/rules/view.py": "arguments of rules, as YAML states them",
    "pipeline/schema.py": "components and errors of xmlschema",
    "pipeline/signature/engine.py": "overridden methods of signxml",
    "pipeline/signature/references.py": "results of XPath",
    "pipeline/signature/seal.py": "a private key of cryptography or of a hardware module",
    "pipeline/trust/paths.py": "type parameters of a coroutine",
    "pipeline/wanted.py": "components of xmlschema",
    "settings/": "documents of YAML, before pydantic reads them",
}
"""Every module or folder in which `Any` stands, and why."""


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), tree_of(path)


def names(nodes: Iterable[ast.AST]) -> set[str]:
    return {each.id for each in nodes if isinstance(each, ast.Name)}


def place_of(module: str) -> str | None:
    return next(
        (place for place in REASONS if module == place or (place.endswith("/") and module.startswith(place))), None
    )


def gives_rows(returns: ast.expr) -> bool:
    return bool(names(ast.walk(returns)) & UNTYPED)


def test_any_stands_only_where_a_reason_is_given() -> None:
    found = {module: place_of(module) for module, tree in modules(ROOT) if "Any" in names(walked(tree))}
    assert [module for module, place in found.items() if place is None] == []
    assert set(found.values()) == set(REASONS), "a reason without a module is taken away"


def test_services_have_no_any() -> None:
    assert not any(place.startswith("services") for place in REASONS)


def test_the_store_gives_no_untyped_row() -> None:
    found = [
        f"{module}: {each.name}"
        for module, tree in modules(ROOT / "gateways" / "store")
        if module != TYPE_OF_A_COLUMN
        for each in walked(tree)
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and each.name not in MAKES_RECORDS
        if each.returns is not None and gives_rows(each.returns)
    ]
    assert found == [], "a statement gives records: see made_all and made_first in gateways/store/records.py"


@pytest.mark.parametrize("returns", ["Row[Any]", "list[Row[tuple[int]]]", "dict[int, list[Any]] | None"])
def test_one_that_does_would_be_found(returns: str) -> None:
    assert gives_rows(ast.parse(returns, mode="eval").body)
