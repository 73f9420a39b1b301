"""Conditions on lists of any length."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, String, any_, literal


def among(connection: Connection, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column has one of these values.

    PostgreSQL takes the list as one parameter: the statement is the same for a list of any length, so it is written
    once and stays prepared.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(values)
    # A text is compared whole: a cast to the column's length would cut it.
    kind = String() if isinstance(column.type, String) else column.type
    return column == any_(literal(list(values), ARRAY(kind)))
