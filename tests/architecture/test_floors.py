"""Imports point down only (setup.cfg, import-linter), and no module has a name that says nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import adapter

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
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(file.relative_to(PACKAGE)))
    return found


def test_no_two_public_classes_have_one_name() -> None:
    found = public_classes()
    assert "Intake" in found
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
