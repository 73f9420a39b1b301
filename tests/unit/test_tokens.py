"""Tokens: only hashes are kept, roles fit identities, and what is revoked or over is nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.gateways.store import tables
from adapter.gateways.store.database import Database
from adapter.model.errors import NotAllowed
from adapter.services.access.tokens import Machine, Tokens
from tests.harness.stores import ensure_tables

CITIZEN = "001085012345"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(sqlite_url: str, clock: Clock) -> Iterator[Tokens]:
    database = Database(sqlite_url)
    ensure_tables(database)
    numbers = iter(range(100))
    yield Tokens(database, clock, lambda: f"{next(numbers):043d}")
    database.close()


def test_a_token_is_recognised_and_only_its_hash_is_stored(tokens: Tokens) -> None:
    row_id, plain = tokens.issue("declarant", "Nguyen Van An", CITIZEN)
    caller = tokens.authenticate(plain)
    assert caller is not None
    assert (caller.id, caller.role, caller.bound_to, caller.actor) == (
        row_id, Machine.DECLARANT, CITIZEN, f"token:{row_id}",
    )  # fmt: skip
    with tokens.database.transaction() as connection:
        (row,) = connection.execute(select(tables.token)).all()
    assert row.hash == hashlib.sha256(plain.encode()).hexdigest()
    assert plain not in str(row)
    assert plain.startswith("nsw_")


@pytest.mark.parametrize("plain", ["", "nsw_", "nsw_" + "0" * 42 + "1", "Bearer", "nsw_" + "é" * 43, "0" * 43])
def test_what_was_never_issued_is_nobodys(tokens: Tokens, plain: str) -> None:
    tokens.issue("declarant", "a", CITIZEN)
    assert tokens.authenticate(plain) is None


@pytest.mark.parametrize("by_label", [True, False])
def test_what_is_revoked_is_nobodys_from_then_on(tokens: Tokens, by_label: bool) -> None:
    row_id, plain = tokens.issue("customs", "Huu Nghi", office="HUUNGHI")
    _, other = tokens.issue("customs", "Mong Cai", office="MONGCAI")
    assert tokens.revoke("Huu Nghi" if by_label else row_id) == [row_id]
    assert tokens.authenticate(plain) is None
    assert tokens.authenticate(other) is not None
    with pytest.raises(NotAllowed):
        tokens.revoke(row_id)


def test_a_token_expires(tokens: Tokens, clock: Clock) -> None:
    _, plain = tokens.issue("auditor", "a", expires_at=clock() + timedelta(hours=1))
    clock.time += timedelta(minutes=59)
    assert tokens.authenticate(plain) is not None
    clock.time += timedelta(minutes=1)
    assert tokens.authenticate(plain) is None


def test_a_label_is_one_valid_token_at_a_time(tokens: Tokens) -> None:
    tokens.issue("officer", "a")
    with pytest.raises(NotAllowed, match="label"):
        tokens.issue("officer", "a")
    tokens.revoke("a")
    tokens.issue("officer", "a")


@pytest.mark.parametrize(
    ("role", "bound_to", "office"),
    [
        ("declarant", None, None),
        ("declarant", "12345", None),
        ("declarant", "0100109107001", None),
        ("declarant", CITIZEN, "HUUNGHI"),
        ("customs", None, None),
        ("customs", CITIZEN, "HUUNGHI"),
        ("customs", None, ""),
        ("customs", None, "Huu Nghi"),
        ("operator", CITIZEN, None),
        ("auditor", None, "*"),
        ("king", None, None),
    ],
)
def test_role_identity_and_office_fit_together(
    tokens: Tokens, role: str, bound_to: str | None, office: str | None
) -> None:
    with pytest.raises(NotAllowed):
        tokens.issue(role, "a", bound_to, office)
    assert tokens.list() == []


@pytest.mark.parametrize("written", ["0100109106001", "0100109106-001", " 0100109106-001\n"])
def test_a_branch_is_one_however_its_tax_code_is_written(tokens: Tokens, written: str) -> None:
    tokens.issue("declarant", "a", written)
    assert [each.bound_to for each in tokens.list()] == ["0100109106-001"]


@pytest.mark.parametrize("bound_to", [CITIZEN, "0100109106", "0100109106-001"])
def test_a_declarant_is_a_person_or_an_enterprise(tokens: Tokens, bound_to: str) -> None:
    tokens.issue("declarant", "a", bound_to)
    assert [(each.role, each.bound_to) for each in tokens.list()] == [(Machine.DECLARANT, bound_to)]


def test_a_token_cannot_have_expired_when_it_is_issued(tokens: Tokens, clock: Clock) -> None:
    for moment in (clock(), datetime(2030, 1, 1)):  # noqa: DTZ001  without a zone on purpose
        with pytest.raises(NotAllowed):
            tokens.issue("officer", "a", expires_at=moment)


def test_issue_and_revocation_are_journalled_without_the_person(tokens: Tokens) -> None:
    row_id, _ = tokens.issue("declarant", "Nguyen Van An", CITIZEN, actor="operator:1")
    tokens.revoke(row_id, actor="operator:2")
    with tokens.database.transaction() as connection:
        rows = connection.execute(select(tables.journal)).all()
    assert {(row.event, row.actor, row.detail["token"]) for row in rows} == {
        ("token.issue", "operator:1", row_id),
        ("token.revoke", "operator:2", row_id),
    }
    assert CITIZEN not in str(rows)
    assert "Nguyen" not in str(rows)


def test_the_list_shows_everything_but_the_tokens(tokens: Tokens) -> None:
    row_id, plain = tokens.issue("customs", "a", office="*")
    tokens.revoke(row_id)
    (listed,) = tokens.list()
    assert (listed.id, listed.label, listed.office) == (row_id, "a", "*")
    assert listed.revoked_at is not None
    assert plain not in str(listed)
