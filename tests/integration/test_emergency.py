"""Two persons of a unit come in without the identity provider: each with his own secret, name and rights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import update

from adapter.bootstrap import now
from adapter.gateways.store import tables
from adapter.model.events import Event
from adapter.model.journal_events import JournalEvent
from adapter.services.access.emergency import _COST, TRIES
from adapter.services.access.rates import RateRule
from tests.harness.browsing import Person
from tests.harness.people import TESTER
from tests.harness.staff import logged_in, register, staffed
from tests.harness.units import two_units
from tests.harness.website import Website, changed, configure, website
from tests.servers.identity import IdentityProvider

SECRETS = {
    code: f"bí mật của {code}" for code in ("can-bo", "can-bo-2", "don-truong", "mong-cai", "van-hanh", "kiem-tra")
}
STATED = dict(_COST)
"""What a hash costs outside these tests."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("both")
    away = IdentityProvider(folder / "away", "http://127.0.0.1:1", "http://127.0.0.1:1")
    stated = away.settings() | {"web.staff.public_url": None, "web.staff.login": None}
    with website(configure(folder, standing_url, {**two_units(), **stated})) as served:
        register(served.components)
        for code, secret in SECRETS.items():
            served.components.emergency.set_secret(served.components.people.acting(code), secret)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    """Nobody serves as identity provider; each of the staff has set a secret."""
    return both.as_it_was()


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Each of these tests hashes a dozen times; how slow that is meant to be is one test's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(_COST, "n", 2)
        yield


def come_in(site: Website, own: str, other: str, **changes: str) -> Person:
    person = Person(site.staff_url)
    person.get("/khan-cap")
    fields = {"own_id": own, "own_secret": SECRETS.get(own, "?"), "other_id": other}
    person.send("/khan-cap", **(fields | {"other_secret": SECRETS.get(other, "?")} | changes))
    return person


def entries(site: Website, event: JournalEvent) -> list[Any]:
    return [row for row in site.rows(tables.journal) if row.event == event]


def test_while_the_provider_is_away_log_in_leads_here_and_not_to_paper(tmp_path: Path, sqlite_url: str) -> None:
    away = IdentityProvider(tmp_path / "away", "http://127.0.0.1:1", "http://127.0.0.1:1")
    with website(configure(tmp_path, sqlite_url, {**two_units(), **away.settings()})) as served:
        person = Person(served.staff_url)
        assert person.get("/login").status_code == 503
        assert person.document().xpath("//main//a[@href='/khan-cap']")
        assert "giấy" not in person.told()


def test_two_of_a_unit_come_in_and_the_first_acts_under_his_own_name(site: Website) -> None:
    person = come_in(site, "can-bo", "can-bo-2")
    assert "NGUYEN VAN HAI" in person.document().xpath("//div[@class='who']")[0].text_content()
    assert person.get("/can-bo").status_code == 200
    (came,) = entries(site, JournalEvent.SESSION_EMERGENCY)
    assert (came.actor, came.detail["with"]) == ("person:can-bo", "person:can-bo-2")
    (row,) = site.rows(tables.session)
    assert timedelta(hours=7, minutes=59) < row.ends_at - row.created_at <= timedelta(hours=8)
    assert [fields["outcome"] for event, fields in site.events if event is Event.EMERGENCY] == ["opened"]


def test_who_has_come_in_so_is_counted_as_long_as_he_is_in(site: Website) -> None:
    person = come_in(site, "can-bo", "can-bo-2")
    read = site.components.reading.read({})
    assert (read.emergencies, read.sessions["staff"]) == (1, 1)
    sessions = site.components.staff_sessions
    sessions.end(sessions.find(person.cookies[urlsplit(site.staff_url).netloc]["__Host-staff"]))
    read = site.components.reading.read({})
    assert (read.emergencies, read.sessions["staff"]) == (0, 0)


def test_no_right_comes_with_it(site: Website) -> None:
    person = come_in(site, "can-bo", "don-truong")
    actor = site.components.staff_sessions.find(person.cookies[urlsplit(site.staff_url).netloc]["__Host-staff"]).actor
    assert {role.value for role in actor.roles} == {"officer"}


@pytest.mark.parametrize(
    ("own", "other", "told"),
    [
        ("can-bo", "can-bo", "hai cán bộ khác nhau"),
        ("can-bo", "mong-cai", "hai cán bộ khác nhau"),
        ("van-hanh", "kiem-tra", "hai cán bộ khác nhau"),
        ("can-bo", "nobody", "không đúng"),
        ("nobody", "can-bo", "không đúng"),
    ],
    ids=["one person twice", "another unit's", "of no unit", "a stranger second", "a stranger first"],
)
def test_others_do_not_come_in(site: Website, own: str, other: str, told: str) -> None:
    person = come_in(site, own, other)
    assert person.page is not None
    assert person.page.status_code == 403
    assert told in person.told()
    assert site.rows(tables.session) == []
    assert len(entries(site, JournalEvent.SESSION_REFUSED)) == 1


@pytest.mark.parametrize("field", ["own_secret", "other_secret"])
def test_after_few_wrong_tries_the_right_secret_has_to_wait_too(site: Website, field: str) -> None:
    for _ in range(TRIES):
        assert "không đúng" in come_in(site, "can-bo", "can-bo-2", **{field: "guessed"}).told()
    assert "chờ 15 phút" in come_in(site, "can-bo", "can-bo-2").told()
    assert site.components.reading.read({}).emergencies == 1
    assert site.rows(tables.session) == []
    with site.components.database.transaction() as connection:
        connection.execute(update(tables.emergency_secret).values(locked_until=now() - timedelta(seconds=1)))
    come_in(site, "can-bo", "can-bo-2")
    assert len(site.rows(tables.session)) == 1


def test_nobody_tries_more_often_than_a_minute_allows(site: Website) -> None:
    at = now()
    given, here = {"own_id": "nobody", "own_secret": "?", "other_id": "no-one"}, {"Origin": site.staff_url}
    with changed(site.components.rates, most={RateRule.LOGIN: 2}, clock=lambda: at):
        tried = [httpx.post(f"{site.staff_url}/khan-cap", data=given, headers=here, timeout=60) for _ in range(4)]
    assert [each.status_code for each in tried] == [403, 403, 429, 429]
    assert len(entries(site, JournalEvent.SESSION_REFUSED)) == 2


def test_whoever_was_removed_does_not_come_in_and_is_logged_out(site: Website) -> None:
    person = come_in(site, "can-bo", "can-bo-2")
    site.components.people.remove("can-bo", reason="Chuyển công tác", actor=TESTER)
    assert person.get("/can-bo").status_code in (303, 403)
    assert "không đúng" in come_in(site, "can-bo", "can-bo-2").told()


def test_a_form_of_another_site_does_nothing(site: Website) -> None:
    fields = {"own_id": "can-bo", "own_secret": SECRETS["can-bo"], "other_id": "can-bo-2"}
    given = fields | {"other_secret": SECRETS["can-bo-2"]}
    response = httpx.post(f"{site.staff_url}/khan-cap", data=given, headers={"Origin": "https://evil.invalid"})
    assert response.status_code == 403
    assert site.rows(tables.session) == []


def test_only_slow_salted_hashes_are_kept(site: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try takes 32 MB by what scrypt is given (RFC 7914)."""
    monkeypatch.setitem(_COST, "n", STATED["n"])
    site.components.emergency.set_secret(site.components.people.acting("can-bo"), SECRETS["can-bo"])
    rows = site.rows(tables.emergency_secret)
    assert len({row.hash for row in rows}) == len(SECRETS)
    assert all(row.hash.startswith("scrypt:") for row in rows)
    _, salt, kept = next(row.hash for row in rows if row.person == "can-bo").split(":")
    secret = SECRETS["can-bo"].encode()
    slow = hashlib.scrypt(secret, salt=bytes.fromhex(salt), n=2**15, r=8, p=1, maxmem=64 * 1024 * 1024)
    assert kept == slow.hex()
    told = str([row.detail for row in site.rows(tables.journal)]) + str(site.events)
    assert [secret for secret in SECRETS.values() if secret in told] == []


def test_one_sets_his_own_secret_while_he_is_logged_in(
    tmp_path: Path, sqlite_url: str, provider: IdentityProvider
) -> None:
    with staffed(tmp_path, sqlite_url, provider) as site:
        person = logged_in(site, "can-bo", "/khan-cap/mat-khau")
        assert person.send("/khan-cap/mat-khau", secret="x" * 11, again="x" * 11).status_code == 422
        assert person.send("/khan-cap/mat-khau", secret="x" * 12, again="y" * 12).status_code == 422
        assert person.send("/khan-cap/mat-khau", secret="x" * 12, again="x" * 12).status_code == 200
        (row,) = site.rows(tables.emergency_secret)
        assert row.person == "can-bo"
