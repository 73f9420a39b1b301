"""Staff log in by a client of their own at a real OpenID provider; the register of people says whether they come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from adapter.bootstrap import now
from adapter.gateways.store import tables
from adapter.model.journal_events import JournalEvent
from adapter.services.access.people import facts_of
from tests.harness.browsing import Person
from tests.harness.people import TESTER
from tests.harness.staff import staffed, through_provider
from tests.harness.website import Website
from tests.servers.identity import STAFF, IdentityProvider

COOKIE, PORTAL_COOKIE = "__Host-staff", "__Host-sid"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str, provider: IdentityProvider) -> Iterator[Website]:
    with staffed(tmp_path_factory.mktemp("both"), standing_url, provider) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("standing")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider) as served:
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """On SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def entries(site: Website, event: JournalEvent) -> list[Any]:
    return [row for row in site.rows(tables.journal) if row.event == event]


def test_a_registered_person_logs_in_as_himself(site: Website) -> None:
    person = through_provider(site, "can-bo", "/")
    assert "NGUYEN VAN HAI" in person.document().xpath("//*[@class='who']")[0].text_content()
    (row,) = site.rows(tables.session)
    assert (row.area, row.person, row.number, row.name) == ("staff", "can-bo", None, None)
    (started,) = entries(site, JournalEvent.SESSION_START)
    assert (started.actor, started.detail) == ("person:can-bo", {"area": "staff"})


def test_nobody_unregistered_gets_in_and_it_is_told_and_journalled(site: Website) -> None:
    person = Person(site.staff_url)
    assert person.log_in("nguoi-la").status_code == 403
    assert "chưa có trong danh bạ" in person.told()
    assert site.rows(tables.session) == []
    (refused,) = entries(site, JournalEvent.SESSION_REFUSED)
    assert refused.detail["why"] == "unregistered"
    assert STAFF["nguoi-la"].login not in str((refused.actor, refused.detail))


def test_whoever_was_removed_does_not_get_in_and_is_told_so(site: Website) -> None:
    site.components.people.remove("can-bo", reason="Chuyển công tác", actor=TESTER)
    person = Person(site.staff_url)
    assert person.log_in("can-bo").status_code == 403
    assert "không còn hiệu lực" in person.told()
    assert [row.detail["why"] for row in entries(site, JournalEvent.SESSION_REFUSED)] == ["ended"]


def test_a_citizens_account_does_not_open_the_pages_of_staff(small: Website) -> None:
    """His account has no login that the register could know."""
    person = Person(small.staff_url)
    assert person.log_in("an").status_code == 403
    assert small.rows(tables.session) == []


def test_a_role_that_is_withdrawn_ends_what_it_allows_at_once(site: Website) -> None:
    person = through_provider(site, "can-bo")
    assert person.get("/can-bo").status_code == 200
    site.components.people.change("can-bo", lambda each: facts_of(each).in_roles(("administrator",)), actor=TESTER)
    assert person.get("/can-bo").status_code == 403
    assert person.get("/").status_code == 200


@pytest.mark.parametrize("how", ["removed", "unlinked"])
def test_whoever_is_removed_or_unlinked_is_logged_out_at_once(site: Website, how: str) -> None:
    person = through_provider(site, "can-bo")
    if how == "removed":
        site.components.people.remove("can-bo", reason="Chuyển công tác", actor=TESTER)
    else:
        site.components.people.change("can-bo", lambda each: replace(facts_of(each), login=None), actor=TESTER)
    assert person.get("/can-bo").status_code == 403
    assert "Phiên làm việc đã kết thúc" in person.told()
    assert COOKIE not in person.cookies[urlsplit(site.staff_url).netloc]


def test_a_session_opens_its_own_listener_only(small: Website) -> None:
    """A value of one area in the other area's cookie is worth nothing."""
    staff, citizen = through_provider(small, "can-bo"), Person(small.url)
    citizen.log_in("an", "/login?next=/ho-so")
    of_staff = staff.cookies[urlsplit(small.staff_url).netloc][COOKIE]
    of_portal = citizen.cookies[urlsplit(small.url).netloc][PORTAL_COOKIE]
    thief = Person(small.url, {urlsplit(small.url).netloc: {PORTAL_COOKIE: of_staff}})
    assert thief.get("/ho-so").status_code == 403
    thief = Person(small.staff_url, {urlsplit(small.staff_url).netloc: {COOKIE: of_portal}})
    assert thief.get("/can-bo").status_code == 403


def test_log_out_ends_the_session(small: Website) -> None:
    person = through_provider(small, "can-bo", "/")
    assert person.send("/logout", follow=False).status_code == 303
    assert small.rows(tables.session) == []
    assert [row.actor for row in entries(small, JournalEvent.SESSION_END)] == ["person:can-bo"]


def test_the_portal_ends_no_session_of_staff_and_staff_none_of_the_portal(small: Website) -> None:
    """Back-channel log-out is of one client: the same account at the other stays."""
    through_provider(small, "can-bo")
    ended = small.components.sessions.end_by_provider(
        small.components.staff_identity_provider.trusted.issuer, "can-bo", None
    )
    assert (ended, len(small.rows(tables.session))) == (0, 1)
    issuer = small.components.staff_identity_provider.trusted.issuer
    assert small.components.staff_sessions.end_by_provider(issuer, "can-bo", None) == 1


def test_a_log_in_at_the_portal_ends_no_session_of_staff_that_may_be_idle_for_longer(small: Website) -> None:
    through_provider(small, "can-bo")
    object.__setattr__(small.components.staff_sessions, "idle", timedelta(hours=2))
    with small.components.database.transaction() as connection:
        connection.execute(update(tables.session).values(seen_at=now() - timedelta(hours=1)))
    small.components.sessions.begin({})
    assert sorted(row.area for row in small.rows(tables.session)) == ["portal", "staff"]
    small.components.staff_sessions.begin({})
    object.__setattr__(small.components.staff_sessions, "idle", timedelta(minutes=30))
    small.components.staff_sessions.begin({})
    assert [row.person for row in small.rows(tables.session)] == [None] * 3, "what nobody has used is swept"


@pytest.mark.parametrize("who", ["hai-quan", "quan-tri"])
def test_whoever_has_no_right_to_dossiers_is_turned_away(small: Website, who: str) -> None:
    assert through_provider(small, who, "/").get("/can-bo").status_code == 403


def test_whoever_is_not_logged_in_is_sent_to_log_in_and_back(small: Website) -> None:
    person = Person(small.staff_url)
    person.get("/can-bo?luot=moi-nhat")
    person.ask("POST", person.at, data={"who": "can-bo"})
    assert person.at == f"{small.staff_url}/can-bo?luot=moi-nhat"


def test_no_name_or_login_is_in_the_log(small: Website) -> None:
    through_provider(small, "can-bo")
    Person(small.staff_url).log_in("nguoi-la")
    told = str([fields for _, fields in small.events])
    assert [each for each in ("NGUYEN VAN HAI", STAFF["can-bo"].login, STAFF["nguoi-la"].login) if each in told] == []
