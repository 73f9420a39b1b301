"""What the suite is built on stands in tests/harness and tests/servers; no part of the suite is built on another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.harness.source import tree_of, walked

TESTS = Path(__file__).parents[1]
GROUND = {"harness", "servers"}
"""What every part may import."""
PARTS = {folder.name for folder in TESTS.iterdir() if (folder / "__init__.py").exists()} - GROUND


def imported(file: Path) -> Iterator[str]:
    """The folders below tests/ that a module imports from."""
    for node in walked(tree_of(file)):
        match node:
            case ast.Import(names=names):
                modules = [each.name for each in names]
            case ast.ImportFrom(module="tests", names=names):
                modules = [f"tests.{each.name}" for each in names]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case _:
                continue
        yield from (module.split(".")[1] for module in modules if module.startswith("tests."))


def test_no_part_of_the_suite_imports_another() -> None:
    assert {"demo", "crash"} <= PARTS
    crossing = [
        f"{file.relative_to(TESTS)} imports tests.{part}"
        for file in sorted(TESTS.rglob("*.py"))
        for part in imported(file)
        if part in PARTS and part != file.relative_to(TESTS).parts[0]
    ]
    assert crossing == [], "what more than one part needs belongs into tests/harness"


def test_one_module_alone_writes_a_configuration() -> None:
    """Or each new key would have to be thought of in many places."""
    writers = [
        str(file.relative_to(TESTS))
        for file in sorted(TESTS.rglob("*.py"))
        if file.parts[-2:] != ("harness", "configuration.py")
        if re.search(r"load\(\(?ROOT / .config.yaml", file.read_text(encoding="utf-8"))
    ]
    assert writers == [], "use tests.harness.configuration"
