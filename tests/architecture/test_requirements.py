"""What is pinned can be installed where the README says it can: on Debian 12, whose Python is 3.11.2."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
DEBIANS_PYTHON = "3.11.2"
PINNED = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.M)


def test_the_pins_are_read() -> None:
    assert {"lxml", "signxml", "pytest"} <= set(PINNED)


@pytest.mark.parametrize("name", PINNED)
def test_a_pinned_library_admits_debians_python(name: str) -> None:
    assert SpecifierSet(distribution(name).metadata["Requires-Python"] or "").contains(DEBIANS_PYTHON)


def test_every_library_that_the_program_uses_has_its_reason_in_a_decision() -> None:
    decisions = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "decisions").glob("0*.md")
    ).lower()
    named = re.findall(r"^[A-Za-z0-9._-]+", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.M)
    assert "lxml" in named
    assert [name for name in named if re.search(rf"\b{re.escape(name.lower())}\b", decisions) is None] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-fuzz.txt"])
def test_every_pin_has_its_hash_and_no_index_is_named(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    pins = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.M)[1:]
    assert pins
    assert [pin.split("==")[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert re.search(r"https?://|--(extra-)?index-url|--find-links", text) is None
