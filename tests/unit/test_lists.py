"""Conditions on lists: PostgreSQL reads one statement for a list of any length, and compares texts whole."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from adapter.gateways.store.lists import among
from adapter.gateways.store.tables import dossier


class Connected:
    """What the condition asks of a connection."""

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def written(*numbers: str) -> str:
    condition = among(cast(Connection, Connected()), dossier.c.number, numbers)
    return str(condition.compile(dialect=Connected.dialect))


@pytest.mark.parametrize("numbers", [(), ("A", "B"), tuple("ABCDEFGH")])
def test_a_list_of_any_length_is_one_statement(numbers: tuple[str, ...]) -> None:
    assert written(*numbers) == written("A")


def test_a_text_is_not_cut_to_the_length_of_its_column() -> None:
    assert str(dossier.c.number.type).startswith("VARCHAR(")
    assert "VARCHAR(" not in written("A")
