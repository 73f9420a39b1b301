"""The journal's events are one closed set: what is written is of it, and each of it is written somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import adapter
from adapter.gateways.store.journal import Entry, alone
from adapter.model.journal_events import JournalEvent
from tests.harness.source import tree_of, walked

SERVICES = Path(adapter.__file__).parent / "services"


def nodes() -> Iterator[ast.AST]:
    for file in SERVICES.rglob("*.py"):
        yield from walked(tree_of(file))


def texts() -> Iterator[str]:
    """Every constant of the services, those within f-strings as they begin, and the events that are named as such."""
    for node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "JournalEvent":
            yield JournalEvent[node.attr].value


def entries() -> Iterator[str]:
    """What each `Entry(...)` and `Entry.by(...)` of the services is given as its event, where it is a constant."""
    for node in nodes():
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) in {"Entry", "Entry.by"}):
            continue
        if isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def test_an_event_out_of_the_set_is_never_written() -> None:
    entry = Entry("dossier.lost", "clock", datetime(2026, 3, 2, tzinfo=UTC), {})
    with pytest.raises(ValueError, match=r"dossier\.lost"):
        alone(entry, 1)


def test_each_event_that_a_service_writes_is_of_the_set() -> None:
    written = set(entries())
    assert "quarantine.replay" in written
    assert written <= {event.value for event in JournalEvent}


def test_each_event_of_the_set_is_written_by_some_service() -> None:
    said = set(texts())
    unwritten = [
        event.value
        for event in JournalEvent
        if event.value not in said and f"{event.value.partition('.')[0]}." not in said
    ]
    assert unwritten == []
