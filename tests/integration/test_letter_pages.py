"""Officers enter letters of authorisation on their pages; who is named acts from then on, until it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from adapter.gateways.store import tables
from adapter.model.journal_events import JournalEvent
from tests.harness import attached
from tests.harness.browsing import Person
from tests.harness.people import TESTER, declarant
from tests.harness.staff import logged_in, staffed
from tests.harness.units import HUUNGHI, MONGCAI
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website, changed
from tests.servers.identity import IdentityProvider

LIST, NEW = "/can-bo/uy-quyen", "/can-bo/uy-quyen/moi"
CITIZENS, GROUPS, CHANGES = "BQP0100002", "BQP0100001", "BQP0100003"
LETTER = {"principal": ENTERPRISE, "holder": CITIZEN, "document": "UQ-07/2026"}


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    folder: Path = tmp_path_factory.mktemp("letters")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", provider) as made:
        yield made


@pytest.fixture
def site(_standing: Website) -> Website:
    return _standing.as_it_was()


def enter(person: Person, file: tuple[str, bytes] = ("", b""), **typed: str) -> int:
    """One letter, as the form sends it."""
    person.get(NEW)
    (csrf, *_) = person.document().xpath("//input[@name='csrf']/@value")
    headers = {"Origin": site_of(person), "Referer": person.at}
    sent = {"csrf": csrf, **LETTER, **typed}
    answer = person.ask("POST", NEW, data=sent, files={"file": file}, headers=headers)
    return int(answer.status_code)


def site_of(person: Person) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(person.at))


def journalled(site: Website, event: str) -> list[tuple[str, Any]]:
    return [(row.actor, row.detail) for row in site.rows(tables.journal) if row.event == event]


def told(site: Website) -> list[tuple[str, str]]:
    """Who was notified, in words."""
    return sorted((row.number, row.kind) for row in site.rows(tables.notification))


def test_a_letter_is_entered_with_its_scan_both_are_told_and_it_ends_at_once(site: Website) -> None:
    person, raw, grants = logged_in(site, "can-bo", LIST), attached.letter(), site.components.grants
    assert "Chưa ghi nhận" in person.told()
    typed = {f"procedure.{GROUPS}": "1", "until": "31/12/2099"}
    assert enter(person, ("uy quyen số 7.pdf", raw), **typed) == 200
    for seen in (ENTERPRISE, CITIZEN, "UQ-07/2026", "Đã ghi nhận", "đang có hiệu lực", "can-bo", HUUNGHI):
        assert seen in person.told(), seen
    rows = site.rows(tables.authorisation)
    assert {row.procedure for row in rows} == {GROUPS, CHANGES}, "form 14 amends what form 11 declares"
    assert {(row.granted_by, row.entered_by, row.unit, row.file_name) for row in rows} == {
        ("officer", "can-bo", HUUNGHI, "uy quyen số 7.pdf")
    }
    assert (grants.is_granted(CITIZEN, ENTERPRISE, GROUPS), grants.is_granted(CITIZEN, ENTERPRISE, CITIZENS)) == (
        True,
        False,
    )
    assert "sửa đổi" not in person.told(), "it goes with what it amends"
    assert told(site) == [(CITIZEN, "granted"), (ENTERPRISE, "granted")], "once, however many procedures it names"
    scan = person.get(f"{LIST}/{rows[0].id}/ban-quet")
    assert scan.content == raw
    assert scan.headers["Content-Disposition"].startswith("attachment;"), "never inline"
    person.get(f"{LIST}/{rows[-1].id}/rut")
    assert person.send(f"{LIST}/{rows[-1].id}/rut", reason=" ").status_code == 422
    assert person.send(f"{LIST}/{rows[-1].id}/rut", reason="Công ty chấm dứt").status_code == 200
    assert "Đã rút" in person.told()
    assert not grants.is_granted(CITIZEN, ENTERPRISE, GROUPS)
    assert {row.reason for row in site.rows(tables.authorisation)} == {"Công ty chấm dứt"}, "the letter as a whole"
    assert told(site) == sorted((who, kind) for who in (CITIZEN, ENTERPRISE) for kind in ("granted", "grant_ended"))
    for event in ("authorisation.grant", "authorisation.revoke"):
        assert [actor for actor, _ in journalled(site, event)] == ["person:can-bo"] * 2
    assert [detail["file"] for _, detail in journalled(site, JournalEvent.ATTACHMENT_GIVEN)] == [rows[0].file_digest]
    assert person.get(f"{LIST}/{rows[0].id}/rut").status_code == 404, "it does not stand any more"


def test_a_unit_lists_its_own_and_finds_what_anybody_has_given_by_a_number(site: Website) -> None:
    whole = site.components
    there = whole.people.acting("can-bo")
    whole.authorisations.grant(OTHER, ENTERPRISE, "UQ-MC", actor=_of(there, MONGCAI))
    whole.grants.give(declarant(CITIZEN), OTHER, "UQ-CONG", until=None, procedures=())
    person = logged_in(site, "can-bo", LIST)
    assert "UQ-MC" not in person.told(), "another unit has entered it"
    person.send(LIST, number=OTHER)
    assert person.at.endswith(LIST), "the number stands in no address"
    assert ("UQ-MC" in person.told(), "UQ-CONG" in person.told()) == (True, True)
    assert "bên ủy quyền, trên Cổng" in person.told()
    shown = journalled(site, JournalEvent.REGISTER_SHOWN)
    assert [sorted(detail["rows"]) for _, detail in shown] == [
        sorted(row.id for row in site.rows(tables.authorisation))
    ], "and by whom is journalled"
    person.get(LIST)
    assert person.send(LIST, number="123").status_code == 422
    for who in ("van-hanh", "kiem-tra"):
        assert "UQ-MC" in logged_in(site, who, LIST).told(), "they see what every unit has entered"


def _of(actor: Any, unit: str) -> Any:
    return replace(actor, unit=unit)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"principal": "123"}, "principal"),
        ({"holder": "0100109107"}, "holder"),
        ({"holder": ENTERPRISE}, "holder"),
        ({"document": " "}, "document"),
        ({"document": "x" * 81}, "document"),
        ({"since": "31/02/2026"}, "since"),
        ({"until": "mai"}, "until"),
        ({"until": "01/01/2020"}, "until"),
        ({"since": "02/01/2099", "until": "01/01/2099"}, "until"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_kept(site: Website, typed: dict[str, str], field: str) -> None:
    person = logged_in(site, "can-bo", LIST)
    assert enter(person, **typed) == 422
    assert person.document().xpath("//*[@class='summary']//a/@href") == [f"#{field}"]
    kept = person.document().xpath(f"string(//input[@name='{field}']/@value)")
    assert kept == typed.get(field, "").strip()
    assert site.rows(tables.authorisation) == []


def test_a_file_that_is_no_harmless_scan_is_not_kept(site: Website) -> None:
    person = logged_in(site, "can-bo", LIST)
    for name, raw in (("a.pdf", b"MZ" + b"x" * 100), ("a.exe", attached.letter()), ("a.png", attached.letter())):
        assert enter(person, (name, raw)) == 422, name
        assert person.document().xpath("//*[@class='summary']//a/@href") == ["#file"]
    assert site.rows(tables.authorisation) == site.rows(tables.stored_file) == []
    assert enter(person, ("a.pdf", b"%PDF" + bytes(site.components.attachments.limits.file + 70_000))) == 413


def test_an_infected_scan_is_told_and_never_given_out(site: Website) -> None:
    whole, person = site.components, logged_in(site, "can-bo", LIST)
    infected = replace(whole.attachments.scanning, scanner=attached.Says("Eicar"))
    with changed(whole.attachments, scanning=infected):
        assert enter(person, ("a.pdf", attached.letter())) == 422
        assert "Eicar" in person.told()
    assert enter(person, ("a.pdf", attached.letter())) == 200
    (row,) = site.rows(tables.authorisation)
    with changed(whole.attachments_given, scanning=infected):
        assert person.get(f"{LIST}/{row.id}/ban-quet").status_code == 404, "the scanner has learnt of it meanwhile"


def test_a_letter_is_entered_once_and_from_its_day_on(site: Website) -> None:
    person = logged_in(site, "can-bo", LIST)
    coming = site.components.legal_clock() + timedelta(days=10)
    assert enter(person, since=f"{coming:%d/%m/%Y}") == 200
    assert "chưa đến ngày" in person.told()
    assert not site.components.grants.is_granted(CITIZEN, ENTERPRISE, GROUPS)
    assert enter(person) == 409
    assert "đã được ghi nhận" in person.told()
    assert len(site.rows(tables.authorisation)) == 1


def test_who_may_only_look_enters_and_withdraws_nothing(site: Website) -> None:
    row = site.components.authorisations.grant(CITIZEN, ENTERPRISE, "UQ-1", actor=TESTER)
    person = logged_in(site, "kiem-tra", LIST)
    assert person.document().xpath("//main//a[contains(@href, '/moi') or contains(@href, '/rut')]") == []
    for address in (NEW, f"{LIST}/{row}/rut"):
        assert person.get(address).status_code == 403
    person.get(LIST)
    assert person.send(f"{LIST}/{row}/rut", reason="x").status_code == 403
    assert site.rows(tables.authorisation)[0].revoked_at is None
    assert httpx.get(f"{site.staff_url}{LIST}").status_code in (302, 303, 307, 401), "nobody without a log-in"
