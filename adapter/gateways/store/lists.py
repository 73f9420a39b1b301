"""Conditions on lists of any length, and statements that are written once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Executable, String, any_, bindparam, literal

COUNTED = 10_000
"""So many rows at most are counted for a figure that is asked for every few seconds; so many means "at least"."""
Among = Callable[[Column[Any], str], ColumnElement[bool]]
"""Whether a column has one of the values that a parameter of that name holds."""


def among(connection: Connection, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column has one of these values.

    PostgreSQL takes the list as one parameter: the statement is the same for a list of any length, so it is written
    once and stays prepared.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(_kind(column))))


class Written:
    """A statement with lists as parameters that is written once for each kind of database.

    Putting a query together from its columns costs about as much as the server takes for a row by its key: what is
    asked at each press of a key is put together once. `query` gets what makes a condition of a list.
    """

    def __init__(self, query: Callable[[Among], Executable]) -> None:
        self._on_postgresql, self._on_sqlite = query(in_one_parameter), query(one_by_one)

    def on(self, connection: Connection) -> Executable:
        """The statement for this database; its parameters are given when it runs."""
        return self._on_sqlite if connection.dialect.name == "sqlite" else self._on_postgresql


def among_of(connection: Connection) -> Among:
    """How this database takes a list as a parameter."""
    return one_by_one if connection.dialect.name == "sqlite" else in_one_parameter


def in_one_parameter(column: Column[Any], name: str) -> ColumnElement[bool]:
    """For PostgreSQL."""
    return column == any_(bindparam(name, type_=ARRAY(_kind(column))))


def one_by_one(column: Column[Any], name: str) -> ColumnElement[bool]:
    """For SQLite."""
    return column.in_(bindparam(name, expanding=True))


def _kind(column: Column[Any]) -> Any:
    """A text is compared whole: a cast to the column's length would cut it."""
    return String() if isinstance(column.type, String) else column.type
