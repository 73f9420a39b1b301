"""The inbox: what a declarant is told, when he may know it, and that nothing but his pressing marks it as read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from adapter.gateways.store import tables
from adapter.pipeline.envelope import VIETNAM as TZ
from adapter.services.watch.mode import Sight
from tests.harness.browsing import Person
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER
from tests.harness.own_dossiers import address, by_the_window, declared, parties, several_declared, somebody
from tests.harness.people import TESTER
from tests.harness.website import CITIZEN, OTHER, Website, at_the_time, configure, website

STRANGER = "001077000001"
MAIL = {"mail": {"host": "127.0.0.1", "security": "none", "sender": "portal@bienphong.example"}}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("standing")
    with website(configure(folder, f"sqlite:///{folder / 'adapter.db'}", MAIL)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """On SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def inbox(person: Person) -> list[str]:
    """The titles of his notifications, the newest first."""
    person.get("/hop-thu")
    found = person.document().xpath("//ol[@class='notifications']/li/h2")
    return [" ".join(each.text_content().split()) for each in found]


def test_he_is_told_of_each_answer_that_waits_for_him(site: Website) -> None:
    key = declared(site)
    person = somebody(site, CITIZEN)
    assert inbox(person) == [], "that it was accepted he sees at once"
    site.components.amendments.request(key, OFFICER, reason="Số hộ chiếu không khớp", items=ITEMS)
    (told,) = inbox(person)
    assert told == f"Chưa đọc Hồ sơ {key.number}/{key.year}: yêu cầu sửa đổi, bổ sung"
    (row,) = site.rows(tables.amendment_request)
    assert "01 giờ" in person.told()
    assert f"{row.answer_before.astimezone(TZ):%H:%M, %d/%m/%Y}" in person.told(), "with its hour"
    assert person.document().xpath("//ol[@class='notifications']//a/@href") == [address(key)]


def test_looking_marks_nothing_and_pressing_does(site: Website) -> None:
    key = declared(site)
    site.components.completion.complete(key, OFFICER)
    person, other = somebody(site, CITIZEN), somebody(site, OTHER)
    for method in ("GET", "HEAD", "GET"):
        person.ask(method, "/hop-thu")
    assert [row.read_at for row in site.rows(tables.notification)] == [None]
    (row,) = site.rows(tables.notification)
    inbox(other)
    other.get("/ho-so")  # a page with his token
    other.send("/hop-thu/da-doc", ids=str(row.id))
    assert [row.read_at for row in site.rows(tables.notification)] == [None], "of another's nothing happens"
    inbox(person)
    (form,) = person.document().xpath("//form[@action='/hop-thu/da-doc']")
    person.send("/hop-thu/da-doc", ids=form.xpath(".//input[@name='ids']/@value")[0])
    assert [row.read_at is not None for row in site.rows(tables.notification)] == [True]
    assert inbox(person) == [f"Hồ sơ {key.number}/{key.year}: có xác nhận"]


def test_what_he_was_not_shown_stays_unread(small: Website) -> None:
    for key in several_declared(small, CITIZEN, 2):
        small.components.completion.complete(key, OFFICER)
    person = somebody(small, CITIZEN)
    inbox(person)
    shown, later = (row.id for row in small.rows(tables.notification))
    person.send("/hop-thu/da-doc", ids=str(shown))
    assert {row.id: row.read_at is not None for row in small.rows(tables.notification)} == {shown: True, later: False}


@pytest.mark.parametrize("ids", ["", ",", "x", "-1", "1;2", "9" * 40, "²"])
def test_numbers_that_are_none_mark_nothing(small: Website, ids: str) -> None:
    small.components.completion.complete(declared(small), OFFICER)
    person = somebody(small, CITIZEN)
    inbox(person)
    assert person.send("/hop-thu/da-doc", ids=ids).status_code == 200
    assert [row.read_at for row in small.rows(tables.notification)] == [None]


def test_principal_and_declarant_are_both_told_and_a_stranger_is_not(site: Website) -> None:
    key = by_the_window(site)
    site.components.completion.complete(key, OFFICER)
    numbers = parties(site, key)
    assert sorted(row.number for row in site.rows(tables.notification)) == sorted(numbers)
    for number in numbers:
        person = somebody(site, number) if len(number) == 12 else somebody(site, CITIZEN, number)
        assert len(inbox(person)) == 1
    assert inbox(somebody(site, STRANGER)) == []


def test_an_answer_to_a_windows_dossier_is_told_when_it_can_be_opened(site: Website) -> None:
    """While the window works: only once the broker has it, or no early opening could be prevented."""
    key = by_the_window(site)
    site.window(Sight.UP)
    site.components.completion.complete(key, OFFICER)
    person = somebody(site, CITIZEN, next(each for each in parties(site, key) if len(each) != 12))
    assert inbox(person) == []
    site.mark_sent()
    assert len(inbox(person)) == 1


def test_what_was_taken_back_is_told_no_more(small: Website) -> None:
    key = declared(small)
    small.components.completion.complete(key, OFFICER)
    person = somebody(small, CITIZEN)
    assert len(inbox(person)) == 1
    with small.components.database.transaction() as connection:
        connection.execute(update(tables.outbox).values(taken_back_at=small.components.legal_clock()))
    assert inbox(person) == []


def test_declarants_whose_dossiers_are_not_finished_are_told_of_the_mode(site: Website) -> None:
    declared(site)
    site.window(Sight.UP)
    with at_the_time(site.components.window, CLOCK):  # the dossier is of that day
        site.window(Sight.DOWN)
    person = somebody(site, CITIZEN)
    assert inbox(person) == ["Chưa đọc Cổng thông tin một cửa quốc gia gián đoạn"]
    assert inbox(somebody(site, OTHER)) == []


def test_a_suspension_everywhere_and_its_end_are_told(site: Website) -> None:
    site.suspend(CITIZEN, reason="Tài khoản bị chiếm đoạt")
    site.components.accounts.restore(CITIZEN, unit=None, reason="Đã xác minh", actor=TESTER)
    person = somebody(site, CITIZEN)
    assert inbox(person) == ["Chưa đọc Tài khoản được khôi phục", "Chưa đọc Tài khoản bị tạm dừng"]
    assert "Tài khoản bị chiếm đoạt" in person.told()
    assert "Đã xác minh" in person.told()
    assert "tại mọi đơn vị" in person.told()
    assert "everywhere" not in person.told(), "each language in its own words"
    person.get("/hop-thu?lang=en")
    assert "your account everywhere" in person.told()


def test_pages_follow_one_another_without_gap(small: Website) -> None:
    key = declared(small)
    small.components.completion.complete(key, OFFICER)
    with small.components.database.transaction() as connection:
        row = dict(connection.execute(tables.notification.select()).one()._mapping)
        for place in range(100):  # four at each moment: ids tell them apart
            at = row["created_at"] - timedelta(seconds=place // 4)
            told = {"id": 10**9 + place * 7919 % 1000, "cause": f"x{place}", "created_at": at}
            connection.execute(tables.notification.insert().values({**row, **told}))
    person, seen, at = somebody(small, CITIZEN), list[str](), "/hop-thu"
    while at:
        person.get(at)
        seen += person.document().xpath("//ol[@class='notifications']/li//time/@datetime")
        at = next(iter(person.document().xpath("//main//a[starts-with(@href, '/hop-thu?after=')]/@href")), "")
    assert len(seen) == len(small.rows(tables.notification))
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("after", ["x", "1", "1-", "-1", "99999999999999999-1", "1-1&after=2-2"])
def test_a_place_that_is_none_is_told(small: Website, after: str) -> None:
    person = somebody(small, CITIZEN)
    assert person.get(f"/hop-thu?after={after}").status_code in (200, 404, 400, 422)
