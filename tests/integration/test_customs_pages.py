"""Pages of customs: an administrator says what the officers of his offices look up; a purpose is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.entrypoints.web.customs.granting import HERE
from adapter.gateways.store import tables
from adapter.gateways.store.offices import CustomsOffice
from adapter.services.access.people import Facts, facts_of
from adapter.services.access.staff_sessions import StaffAccount
from tests.harness.browsing import Person
from tests.harness.history import play
from tests.harness.people import TESTER
from tests.harness.staff import staffed
from tests.harness.website import Website
from tests.servers.identity import IdentityProvider
from tests.servers.process import free_ports

PURPOSES = [{"code": "CONTROL", "vi": "Kiểm tra", "en": "Control"}]
LETTER, SHIPS = "BQP0100001", "BQP0100007"
LEADER = "E81234561"
"""A paper in the tour group of the fixtures."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("customs")
    with customs(folder, f"sqlite:///{folder / 'adapter.db'}", {"customs.procedures": [SHIPS]}) as served:
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    return standing.as_it_was()


@contextmanager
def customs(folder: Path, database_url: str, changes: Mapping[str, Any]) -> Iterator[Website]:
    """An office with one below it, and another beside them; nobody logs in at the provider, which is away."""
    away = IdentityProvider(folder / "away", *(f"http://127.0.0.1:{port}" for port in free_ports(2)))
    with staffed(folder, database_url, away, **changes) as served:
        components = served.components
        for office in (("CHQ", "Cục Hải quan", None), ("HN", "Hữu Nghị", "CHQ"), ("MC", "Móng Cái", None)):
            components.offices.add(CustomsOffice(*office, ()), actor=TESTER)
        for code, role, of in (
            ("truong", "customs_administrator", "CHQ"),
            ("hoa", "customs_officer", "HN"),
            ("mai", "customs_officer", "MC"),
        ):
            components.people.add(code, Facts(code.upper(), (role,), office=of, login=code), actor=TESTER)
        yield served


def logged_in(site: Website, login: str) -> Person:
    """Somebody with a session, whatever he has logged in by."""
    secret = site.components.staff_sessions.admit(StaffAccount("https://id.invalid", login, login, None))
    person = Person(site.staff_url)
    person.cookies[urlsplit(site.staff_url).netloc] = {STAFF_COOKIE: secret}
    return person


def entries(site: Website) -> list[tuple[str, str, str]]:
    found = [row for row in site.rows(tables.journal) if row.event.startswith("lookup.right")]
    return [(row.event, row.actor, row.detail["procedure"]) for row in found]


def test_an_administrator_gives_and_withdraws_for_the_people_of_his_offices_and_each_change_is_journalled(
    site: Website,
) -> None:
    person = logged_in(site, "truong")
    person.get(HERE)
    offices = person.document().xpath("//select[@id='office']/option/@value")
    assert offices == ["CHQ", "HN"], "his own and the one below it"
    person.get(f"{HERE}?co-quan=HN")
    assert "HOA" in person.told()
    assert person.get(f"{HERE}/hoa").status_code == 200
    person.send(f"{HERE}/hoa", procedure=SHIPS, act="give")
    assert "Đã cho tra cứu" in person.told()
    person.send(f"{HERE}/hoa", procedure=LETTER, act="withdraw")
    assert "Đã thu lại" in person.told()
    now = site.components.lookup_rights.of("hoa")
    assert SHIPS in now
    assert LETTER not in now
    given = [("lookup.right_give", "person:truong", SHIPS), ("lookup.right_withdraw", "person:truong", LETTER)]
    assert entries(site) == given
    person.send(f"{HERE}/hoa", procedure=LETTER, act="withdraw")
    assert entries(site) == given, "a form that comes twice changes nothing"


def test_people_of_another_office_and_he_himself_are_as_if_they_were_not_there(site: Website) -> None:
    person = logged_in(site, "truong")
    person.get(f"{HERE}/hoa")
    for address in (f"{HERE}/mai", f"{HERE}/truong", f"{HERE}/can-bo", f"{HERE}/nobody", f"{HERE}?co-quan=MC"):
        assert person.get(address).status_code == 404, address
    for whom in ("mai", "truong"):
        person.get(f"{HERE}/hoa")
        assert person.send(f"{HERE}/{whom}", procedure=LETTER, act="withdraw").status_code == 404
    assert entries(site) == []
    assert LETTER in site.components.lookup_rights.of("mai")


@pytest.mark.parametrize("form", [{"procedure": "BQP9"}, {"procedure": LETTER, "act": "x"}, {"act": "give"}])
def test_a_form_that_no_page_has_changes_nothing(site: Website, form: dict[str, str]) -> None:
    person = logged_in(site, "truong")
    person.get(f"{HERE}/hoa")
    assert person.send(f"{HERE}/hoa", **form).status_code == 400
    assert entries(site) == []


def test_the_support_desk_of_the_configuration_stands_on_the_page(tmp_path: Path, sqlite_url: str) -> None:
    desk = {
        "name": {"vi": "Tổ hỗ trợ E-Customs", "en": "E-Customs desk"},
        "telephone": "1900 9299",
        "email": "ht@hq.example",
    }
    with customs(tmp_path, sqlite_url, {"customs.support": desk}) as site:
        person = logged_in(site, "hoa")
        person.get("/hai-quan")
        assert "Tổ hỗ trợ E-Customs" in person.told()
        links = {str(each) for each in person.document().xpath("//main//a/@href")}
        assert links >= {"tel:19009299", "mailto:ht@hq.example"}
        person.get("/hai-quan?lang=en")
        assert "E-Customs desk" in person.told()


def test_what_was_found_is_taken_as_a_table_and_what_narrows_it_is_kept(site: Website) -> None:
    person = logged_in(site, "hoa")
    person.get("/hai-quan")
    narrowed = {"state": "completed", "first_day": "1/3/2026", "last_day": "31.03.2026"}
    answer = person.send("/hai-quan", q="A1/2026", **narrowed, **{"as": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="tra-cuu.csv"'
    assert answer.text.removeprefix("\ufeff").startswith("Mã số hồ sơ;Năm;")
    (kept,) = [row.detail for row in site.rows(tables.journal) if row.event == "lookup.dossiers"]
    assert "completed" in str(kept), "the journal has what narrowed it"
    person.get("/hai-quan")
    assert person.send("/hai-quan", q="A1/2026", **narrowed).status_code == 200
    (chosen,) = person.document().xpath("//select[@id='state']/option[@selected]/@value")
    days = [
        person.document().xpath(f"//input[@name='{name}'][not(@type)]/@value") for name in ("first_day", "last_day")
    ]
    assert (chosen, days) == ("completed", [["1/3/2026"], ["31.03.2026"]])
    person.get("/hai-quan")
    assert person.send("/hai-quan", q="A1/2026", state="x").status_code == 200
    for wrong in ({"first_day": "31/02/2026"}, {"first_day": "31/03/2026", "last_day": "01/03/2026"}):
        person.get("/hai-quan")
        assert person.send("/hai-quan", q="A1/2026", **wrong).status_code == 422
        told = person.document().xpath("string(//div[@role='alert'])")
        assert ("trước khi bắt đầu" if "last_day" in wrong else "Ngày tiếp nhận chưa đúng") in told
    assert person.send("/hai-quan", q="AN", **{"as": "csv"}).status_code == 422, "what is unclear is asked about"


def test_who_is_given_to_another_office_in_the_middle_of_his_session_finds_what_that_one_may_see(site: Website) -> None:
    site.components.offices.add(CustomsOffice("HN-CK", "Cửa khẩu Hữu Nghị", "HN", ("HUUNGHI",)), actor=TESTER)
    key, person = play(site.components, "BQP0100001/accepted-tour-group-entering"), logged_in(site, "hoa")
    found = f"/hai-quan/ho-so/{key.year}/{key.number}"
    assert person.get(found).status_code == 200
    site.components.people.change("hoa", lambda each: replace(facts_of(each), office="MC"), actor=TESTER)
    for file in ("", "/ket-qua.xml", "/ket-qua.pdf"):
        assert person.get(f"{found}{file}").status_code == 404, file
    person.get("/hai-quan")
    assert key.number not in person.send("/hai-quan", q=LEADER).text


@pytest.mark.parametrize("login", ["hoa", "mai@bienphong.example"])
def test_officers_and_administrators_who_propose_to_each_other_have_no_such_page(site: Website, login: str) -> None:
    person = logged_in(site, login)
    assert person.get(HERE).status_code == 403
    assert person.get(f"{HERE}/hoa").status_code == 403


def test_where_a_purpose_is_asked_for_no_page_shows_anything_without_one(tmp_path: Path, sqlite_url: str) -> None:
    with customs(tmp_path, sqlite_url, {"customs.purposes": PURPOSES}) as site:
        person = logged_in(site, "hoa")
        person.get("/hai-quan")
        assert person.document().xpath("//select[@id='purpose']/option/@value") == ["", "CONTROL"]
        assert person.send("/hai-quan", q="A1/2026").status_code == 422
        assert "CONTROL" in person.told()
        for file in ("", "/ket-qua.xml", "/ket-qua.pdf"):
            assert person.get(f"/hai-quan/ho-so/2026/A1{file}").status_code == 422
            assert person.get(f"/hai-quan/ho-so/2026/A1{file}?purpose=CONTROL").status_code == 404
        person.get("/hai-quan")
        assert person.send("/hai-quan", q="A1/2026", purpose="CONTROL").status_code == 200
        kept = [row.detail.get("purpose") for row in site.rows(tables.journal) if row.event.startswith("lookup.")]
        assert kept == ["CONTROL"] * 4
