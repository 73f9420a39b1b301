"""Typed records have a field for each column of their table, of its type, and absent where it may be null."""

from __future__ import annotations

from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from sqlalchemy import JSON, Column

from adapter.gateways.store import tables
from adapter.gateways.store.records import (
    StoredAmendment,
    StoredEntry,
    StoredMessage,
    StoredReply,
    StoredRequest,
    StoredVersion,
)

RECORDS = {
    StoredMessage: tables.inbox,
    StoredReply: tables.outbox,
    StoredVersion: tables.declaration,
    StoredRequest: tables.amendment_request,
    StoredAmendment: tables.amendment,
    StoredEntry: tables.journal,
}


def allowed(column: Column[Any]) -> tuple[str, bool]:
    """The Python type of a column, and whether it may be null."""
    kinds = {tables.Moment: "datetime", JSON: "json"}
    kind = next((name for type_, name in kinds.items() if isinstance(column.type, type_)), "")
    return kind or column.type.python_type.__name__, bool(column.nullable)


def typed(hint: Any) -> tuple[str, bool]:
    """The same of a field."""
    options = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    real = next(each for each in options if each is not type(None))
    name = (get_origin(real) or real).__name__
    return "json" if name in ("list", "dict") else name, type(None) in options


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_record_is_its_table(record: type[Any]) -> None:
    columns, hints = RECORDS[record].columns, get_type_hints(record)
    assert [each.name for each in fields(record)] == [column.name for column in columns]
    assert {name: typed(hint) for name, hint in hints.items()} == {each.name: allowed(each) for each in columns}
