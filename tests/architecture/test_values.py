"""The core works on frozen values, and gets times and identifiers as arguments: the same input, the same outcome."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapter
from tests.harness.source import tree_of, walked

ROOT = Path(adapter.__file__).parent
CORE = ("model", "pipeline", "catalogue", "services", "gateways")
SOURCES = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "uuid.uuid1",
    "uuid.uuid4",
    "os.urandom",
}
DRAWS = {"secrets", "random"}
EXCEPTIONS = {
    "gateways/decisions/line.py": "which of several processes is asked",
    "gateways/revocation/cache.py": "ages of files, by the times that the system gives them",
    "gateways/revocation/refresh.py": "the default of an argument",
    "services/access/emergency.py": "the salt of a hash",
}


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), tree_of(path)


def reads(tree: ast.Module) -> bool:
    """Whether it reads a clock, or draws at random."""
    named = {dotted(each) for each in walked(tree) if isinstance(each, ast.Attribute)}
    return bool(named & SOURCES) or any(name.partition(".")[0] in DRAWS for name in named)


def dotted(node: ast.AST) -> str:
    """A name with the attributes behind it; of what is called in between nothing."""
    match node:
        case ast.Attribute(value=of, attr=name):
            return f"{dotted(of)}.{name}"
        case ast.Name(id=name):
            return name
        case _:
            return ""


def changing(tree: ast.Module) -> list[str]:
    """Dataclasses that are not frozen."""
    return [
        each.name
        for each in walked(tree)
        if isinstance(each, ast.ClassDef)
        for decorator in each.decorator_list
        if "dataclass" in ast.unparse(decorator) and "frozen=True" not in ast.unparse(decorator)
    ]


def test_the_core_reads_no_clock_and_draws_nothing_at_random() -> None:
    assert {module for module, tree in modules(*CORE) if reads(tree)} == set(EXCEPTIONS)


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "secrets.token_hex(8)", "uuid.uuid4()", "[time.time]"])
def test_one_that_does_would_be_found(line: str) -> None:
    assert reads(ast.parse(line))


def test_values_of_model_and_pipeline_are_frozen() -> None:
    assert {module for module, tree in modules("model", "pipeline") if changing(tree)} == set()
    assert changing(ast.parse("@dataclass(slots=True)\nclass A: ...")) == ["A"]
