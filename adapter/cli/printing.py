"""Output of results: a table for people, JSON for machines. Only results go to stdout."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from rich.markup import escape
from rich.table import Table

from adapter.cli.terminal import console, say, say_json, visible
from adapter.pipeline.envelope import VIETNAM


def as_json(value: Any) -> None:
    """One JSON document on one line."""
    say_json(value, _plain)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their columns; an absent value is a dash."""
    shown = Table(title=escape(visible(title)), title_justify="left", show_lines=False)
    for column in columns:
        shown.add_column(escape(visible(column)), overflow="fold")
    for row in rows:
        shown.add_row(*(escape(visible(words(cell))) for cell in row))
    console().print(shown)


def listing(
    what: str, found: Sequence[object], fields: Sequence[str], *, json: bool, heads: Sequence[str] | None = None
) -> None:
    """Results: as JSON, or these fields of each as a table under their names or other `heads`."""
    if json:
        as_json(found)
    else:
        table(f"{len(found)} {what}(s)", heads or fields, ([getattr(each, name) for name in fields] for each in found))


def pairs(title: str, values: Mapping[str, object]) -> None:
    """Names and values, one pair a line."""
    table(title, ("", ""), values.items())


def line(text: str) -> None:
    """One line; what cannot be seen is shown as an escape."""
    say(text)


def note(text: str) -> None:
    """A remark beside the result, on stderr."""
    say(f"note: {text}", error=True)


def words(value: object) -> str:
    """A value for people: times in Vietnam's zone."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={words(each)}" for key, each in value.items())
    return ", ".join(map(words, value)) if isinstance(value, list | tuple) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).isoformat()
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
