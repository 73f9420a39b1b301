"""The tool itself: a seeded order, even over modules; each kind of change; living functions take it on."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from adapter.pipeline import mrz
from tests.harness.pki import ROOT
from tests.mutants.changes import FAMILIES, Mutant, chosen, codes, described, mutated
from tests.mutants.plugin import change, living
from tests.mutants.table import table

SOURCE = '''
def judged(age, names):
    """A docstring is no place: not 1 and 2."""
    if not names and age < 18:
        age += 1
        names.append(1 + 2)
    return True
'''
CHANGED = {
    "comparison": "age <= 18",
    "boolean": "not names or age < 18",
    "not": "names and age < 18",
    "condition": "if not (not names and age < 18):",
    "arithmetic": "1 - 2",
    "constant": "age += 2",
    "return": "return None",
    "statement": "pass",
}


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter" / "pipeline"
    folder.mkdir(parents=True)
    (folder / "ages.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", CHANGED)
def test_a_change_of_each_kind_is_made_in_one_place(made_up: Path, kind: str) -> None:
    mutant = next(each for each in chosen(made_up, 100, 1) if (each.kind, each.place) == (kind, 0))
    before, after = (ast.unparse(tree).splitlines() for tree in (ast.parse(SOURCE), mutated(made_up, mutant)))
    differing = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(differing) == 1
    assert CHANGED[kind] in differing[0][1]
    assert "->" in described(made_up, mutant)


def test_every_place_is_drawn_once_and_no_docstring(made_up: Path) -> None:
    found = Counter(each.kind for each in chosen(made_up, 100, 1))
    expected = {"comparison": 1, "boolean": 1, "not": 1, "condition": 1, "arithmetic": 1, "return": 1}
    assert found == expected | {"statement": 2, "constant": 5}


def test_the_order_is_that_of_its_seed_and_even_over_modules() -> None:
    first = chosen(ROOT, 300, 7)
    assert first == chosen(ROOT, 300, 7) != chosen(ROOT, 300, 8)
    assert first[:50] == chosen(ROOT, 50, 7)
    assert {each.family for each in first} == set(FAMILIES)
    assert max(Counter(each.module for each in first).values()) <= 5
    assert len({each.name for each in first}) == 300


def test_a_living_function_takes_its_change_on() -> None:
    function = mrz.check_digit
    original = function.__code__
    found = living(ROOT)
    mutants = [each for each in chosen(ROOT, 100_000, 1) if each.function == "check_digit" and each.kind == "return"]
    assert function("520727") == "3"  # ICAO 9303-3, 4.9: the example of a date of birth
    try:
        assert change(ROOT, mutants[0], found)
        assert function("520727") is None
    finally:
        function.__code__ = original
    assert not change(ROOT, Mutant("adapter/pipeline/mrz.py", "nothing", 1, "return", 0), found)


def test_the_code_of_a_method_is_found_by_its_qualified_name() -> None:
    found = codes(ast.parse("class A:\n    def b(self):\n        return 1\n"), "a.py")
    assert set(found) == {"A", "A.b"}


def test_the_table_tells_what_only_the_suite_before_noticed(tmp_path: Path) -> None:
    def written(name: str, *became: str) -> Path:
        mutants = [Mutant("adapter/pipeline/xml.py", "read", line, "not", 0) for line in range(len(became))]
        facts = [{**asdict(mutant), "became": each} for mutant, each in zip(mutants, became, strict=True)]
        lines = [json.dumps({"name": str(place), **each}) for place, each in enumerate(facts)]
        file = tmp_path / name
        file.write_text("\n".join(lines), encoding="utf-8")
        return file

    before = written("before", "caught", "caught", "survived", "endless", "caught")
    told = table(written("after", "caught", "survived", "survived", "caught", "undecided"), before)
    assert "| all | all | 4 | 3 | 2 | 1 |" in told
    assert told.endswith("Caught before only:\n1\n\nSurvived:\n2")


def test_the_tool_begins_as_it_is_called(tmp_path: Path) -> None:
    """In a process of its own: what it imports before pytest does is pytest's to warn of, and a warning is an error."""
    command = [sys.executable, "-m", "tests.mutants", "map", "--folder", str(tmp_path), "tests/unit/test_mrz.py"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert (tmp_path / "map.jsonl").read_text(encoding="utf-8").splitlines()
