"""What works through queues lets those go first who wait for a page."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from adapter.entrypoints import parts


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    said: list[object] = []

    def runs(part: Any, pulse: Any) -> Any:
        return SimpleNamespace(run=lambda: said.append("runs"))

    monkeypatch.setattr(os, "nice", said.append)
    monkeypatch.setattr(parts, "PARTS", dict.fromkeys(parts.PARTS, runs))
    monkeypatch.setattr(parts, "_web", lambda *_: said.append("serves"))
    monkeypatch.setattr(parts, "_decisions", lambda *_: said.append("serves"))
    return said


def begun(name: str) -> None:
    part: Any = SimpleNamespace(settings=SimpleNamespace(workers=SimpleNamespace(niceness=7)), close=lambda: None)
    pulse: Any = None
    parts._work(name, part, pulse)


@pytest.mark.parametrize("name", ["worker", "dispatcher", "clock"])
def test_a_part_without_callers_is_as_nice_as_is_configured_before_it_runs(name: str, told: list[object]) -> None:
    begun(name)
    assert told == [7, "runs"]


@pytest.mark.parametrize("name", ["portal", "staff", "decisions"])
def test_a_part_whose_callers_wait_keeps_its_place(name: str, told: list[object]) -> None:
    begun(name)
    assert told == ["serves"]
