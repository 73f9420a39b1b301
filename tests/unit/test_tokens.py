"""Tokens: only hashes are kept, roles fit identities, and what is revoked or over is nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from adapter.gateways.store import tables
from adapter.gateways.store.database import Database
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.units import BorderUnits
from adapter.services.access.offices import Offices
from adapter.services.access.people import Facts, People, facts_of
from adapter.services.access.tokens import Machine, Tokens
from tests.harness.people import TESTER, anybody, declarant
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
    row_id, plain = tokens.issue("declarant", "Nguyen Van An", CITIZEN, actor=TESTER)
    caller = tokens.authenticate(plain)
    assert caller is not None
    assert caller == declarant(CITIZEN, row_id)
    assert (caller.journal_name, caller.came_by) == (f"token:{row_id}", {})
    with tokens.database.transaction() as connection:
        (row,) = connection.execute(select(tables.token)).all()
    assert row.hash == hashlib.sha256(plain.encode()).hexdigest()
    assert plain not in str(row)
    assert plain.startswith("nsw_")


@pytest.mark.parametrize("plain", ["", "nsw_", "nsw_" + "0" * 42 + "1", "Bearer", "nsw_" + "é" * 43, "0" * 43])
def test_what_was_never_issued_is_nobodys(tokens: Tokens, plain: str) -> None:
    tokens.issue("declarant", "a", CITIZEN, actor=TESTER)
    assert tokens.authenticate(plain) is None


@pytest.mark.parametrize("by_label", [True, False])
def test_what_is_revoked_is_nobodys_from_then_on(tokens: Tokens, by_label: bool) -> None:
    row_id, plain = tokens.issue("customs", "Huu Nghi", office="HUUNGHI", actor=TESTER)
    _, other = tokens.issue("customs", "Mong Cai", office="MONGCAI", actor=TESTER)
    assert tokens.revoke("Huu Nghi" if by_label else row_id, actor=TESTER) == [row_id]
    assert tokens.authenticate(plain) is None
    assert tokens.authenticate(other) is not None
    with pytest.raises(NotAllowed):
        tokens.revoke(row_id, actor=TESTER)


def test_a_token_expires(tokens: Tokens, clock: Clock) -> None:
    _, plain = tokens.issue("declarant", "a", CITIZEN, expires_at=clock() + timedelta(hours=1), actor=TESTER)
    clock.time += timedelta(minutes=59)
    assert tokens.authenticate(plain) is not None
    clock.time += timedelta(minutes=1)
    assert tokens.authenticate(plain) is None


def test_a_label_is_one_valid_token_at_a_time(tokens: Tokens) -> None:
    tokens.issue("declarant", "a", CITIZEN, actor=TESTER)
    with pytest.raises(NotAllowed, match="label"):
        tokens.issue("declarant", "a", CITIZEN, actor=TESTER)
    tokens.revoke("a", actor=TESTER)
    tokens.issue("declarant", "a", CITIZEN, actor=TESTER)


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
        ("operator", None, None),
        ("auditor", None, None),
        ("officer", None, None),
        ("person", None, None),
        ("king", None, None),
    ],
)
def test_role_identity_and_office_fit_together(
    tokens: Tokens, role: str, bound_to: str | None, office: str | None
) -> None:
    with pytest.raises(NotAllowed):
        tokens.issue(role, "a", bound_to, office, actor=TESTER)
    assert tokens.list() == []


@pytest.mark.parametrize("written", ["0100109106001", "0100109106-001", " 0100109106-001\n"])
def test_a_branch_is_one_however_its_tax_code_is_written(tokens: Tokens, written: str) -> None:
    tokens.issue("declarant", "a", written, actor=TESTER)
    assert [each.bound_to for each in tokens.list()] == ["0100109106-001"]


@pytest.mark.parametrize("bound_to", [CITIZEN, "0100109106", "0100109106-001"])
def test_a_declarant_is_a_person_or_an_enterprise(tokens: Tokens, bound_to: str) -> None:
    tokens.issue("declarant", "a", bound_to, actor=TESTER)
    assert [(each.role, each.bound_to) for each in tokens.list()] == [(Machine.DECLARANT, bound_to)]


def test_a_token_cannot_have_expired_when_it_is_issued(tokens: Tokens, clock: Clock) -> None:
    for moment in (clock(), datetime(2030, 1, 1)):  # noqa: DTZ001  without a zone on purpose
        with pytest.raises(NotAllowed):
            tokens.issue("declarant", "a", CITIZEN, expires_at=moment, actor=TESTER)


def test_issue_and_revocation_are_journalled_without_the_person(tokens: Tokens) -> None:
    row_id, _ = tokens.issue("declarant", "Nguyen Van An", CITIZEN, actor=anybody("1"))
    tokens.revoke(row_id, actor=anybody("2"))
    with tokens.database.transaction() as connection:
        rows = connection.execute(select(tables.journal)).all()
    assert {(row.event, row.actor, row.detail["token"]) for row in rows} == {
        ("token.issue", "person:1", row_id),
        ("token.revoke", "person:2", row_id),
    }
    assert CITIZEN not in str(rows)
    assert "Nguyen" not in str(rows)


def test_the_list_shows_everything_but_the_tokens(tokens: Tokens) -> None:
    row_id, plain = tokens.issue("customs", "a", office="*", actor=TESTER)
    tokens.revoke(row_id, actor=TESTER)
    (listed,) = tokens.list()
    assert (listed.id, listed.label, listed.office) == (row_id, "a", "*")
    assert listed.revoked_at is not None
    assert plain not in str(listed)


@pytest.fixture
def people(tokens: Tokens) -> People:
    """With `bay` of customs and `an`, an operator."""
    made = People(tokens.database, lambda: BorderUnits(), tokens.clock)
    offices = Offices(tokens.database, lambda: frozenset({"HUUNGHI"}), tokens.clock)
    offices.add(CustomsOffice("HN", "Chi cục", None, ("HUUNGHI",)), actor=TESTER)
    made.add("an", Facts("NGUYEN VAN AN", ("administrator", "operator")), actor=TESTER)
    made.add("bay", Facts("PHAM THI BAY", ("customs_officer",), office="HN"), actor=TESTER)
    return made


def test_a_persons_token_opens_what_his_roles_do_and_the_journal_names_him(tokens: Tokens, people: People) -> None:
    row_id, plain = tokens.issue_to_person("bay", "desk 3", actor=TESTER)
    caller = tokens.authenticate(plain)
    assert caller == replace(people.acting("bay"), token=row_id)
    assert (caller.roles, caller.office) == ({Role.CUSTOMS_OFFICER}, "HN")
    assert (caller.journal_name, caller.came_by) == ("person:bay", {"by_token": row_id})
    (listed,) = tokens.list()
    assert (listed.role, listed.person, listed.office) == ("person", "bay", None)


def test_a_persons_token_follows_the_register_and_opens_nothing_once_he_is_removed(
    tokens: Tokens, people: People
) -> None:
    _, plain = tokens.issue_to_person("bay", "desk 3", actor=TESTER)
    people.change("bay", lambda each: replace(facts_of(each), roles=("auditor",), office=None), actor=TESTER)
    caller = tokens.authenticate(plain)
    assert caller is not None
    assert caller.roles == {Role.AUDITOR}
    people.remove("bay", reason="Nghỉ hưu", actor=TESTER)
    assert tokens.authenticate(plain) is None
    with pytest.raises(NotAllowed, match="nobody is registered as 'bay'"):
        tokens.issue_to_person("bay", "desk 4", actor=TESTER)


@pytest.mark.parametrize("role", ["officer", "operator", "auditor"])
def test_a_token_of_an_old_role_that_granted_nothing_opens_nothing_and_is_listed(tokens: Tokens, role: str) -> None:
    _, plain = tokens.issue("declarant", "old", CITIZEN, actor=TESTER)
    with tokens.database.transaction() as connection:
        connection.execute(update(tables.token).values(role=role, bound_to=None))
    assert tokens.authenticate(plain) is None
    assert [each.role for each in tokens.list()] == [role]


def test_only_an_administrator_issues_and_revokes(tokens: Tokens, people: People) -> None:
    row_id, _ = tokens.issue("declarant", "a", CITIZEN, actor=people.acting("an"))
    for act in (
        lambda: tokens.issue("declarant", "b", CITIZEN, actor=people.acting("bay")),
        lambda: tokens.issue_to_person("bay", "b", actor=people.acting("bay")),
        lambda: tokens.revoke(row_id, actor=people.acting("bay")),
    ):
        with pytest.raises(NoRight, match="bay has no right to issue and revoke tokens"):
            act()
    assert [each.revoked_at for each in tokens.list()] == [None]
