"""The commander's pages: accounts are suspended and restored, and notices that did not arrive are listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapter.gateways.store import tables
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.stages import Channel, Submission
from adapter.services.access.people import Facts, actor_of
from adapter.services.registers.register_shown import MOST_NAMED, NamingRegister, note_register_shown
from tests.harness.browsing import Person
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.staff import logged_in, staffed
from tests.harness.units import HUUNGHI, MONGCAI, NAMES
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website
from tests.servers.identity import IdentityProvider

LIST, SUSPEND = "/can-bo/tai-khoan", "/can-bo/tai-khoan/tam-dung"
REASON = "Nghi bị chiếm đoạt"
DRAFT = {"accounts.deputy": True, "accounts.principal_request": True, "accounts.notify_principal": True}


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    folder: Path = tmp_path_factory.mktemp("accounts")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", provider, **DRAFT) as made:
        deputy = Facts("DANG VAN PHO", ("deputy",), "Thiếu tá", unit=HUUNGHI, login="pho-don")
        made.components.people.add("pho-don", deputy, actor=TESTER)
        yield made


@pytest.fixture
def site(_standing: Website) -> Website:
    return _standing.as_it_was()


def shown(site: Website) -> list[tuple[str, list[int]]]:
    """To whom suspensions were shown, and which, as the journal keeps it."""
    found = [row for row in site.rows(tables.journal) if row.event == JournalEvent.REGISTER_SHOWN]
    assert {row.detail["register"] for row in found} <= {"accounts"}
    return [(row.actor, row.detail["rows"]) for row in found]


def suspend(person: Person, **typed: str) -> int:
    person.get(SUSPEND)
    response = person.send(SUSPEND, **{"number": CITIZEN, "where": "unit", "ground": "risk", "reason": REASON} | typed)
    return response.status_code


def test_a_commander_suspends_at_his_unit_sees_whom_nothing_reached_and_restores(site: Website) -> None:
    person = logged_in(site, "don-truong", LIST)
    assert "Không có tài khoản nào" in person.told()
    assert shown(site) == [], "nobody's number was shown"
    assert suspend(person, document="QĐ-7/2026") == 200
    for told in (CITIZEN, REASON, "QĐ-7/2026", f"tại {NAMES[HUUNGHI]}", "LE QUANG MINH", "1 thông báo chưa đến"):
        assert told in person.told(), told
    (row,) = site.rows(tables.suspension)
    assert (row.unit, row.officer, row.document) == (HUUNGHI, "don-truong", "QĐ-7/2026")
    assert shown(site) == [("person:don-truong", [row.id])], "once, by the list that he was sent to"
    assert "Đã tạm dừng" in person.told()
    assert suspend(person) == 409
    assert "đang bị tạm dừng ở phạm vi đó rồi" in person.told()
    assert REASON in person.document().xpath("string(//textarea)"), "what was typed is kept"
    person.get(f"{LIST}/{row.id}/khoi-phuc")
    assert shown(site) == [("person:don-truong", [row.id])] * 2
    assert person.send(f"{LIST}/{row.id}/khoi-phuc", reason="").status_code == 422
    assert person.send(f"{LIST}/{row.id}/khoi-phuc", reason="Đã đổi tài khoản", document="QĐ-8").status_code == 200
    assert "Đã đổi tài khoản" in person.told()
    assert "Đã khôi phục" in person.told()
    (row,) = site.rows(tables.suspension)
    assert (row.lifted_officer, row.lifted_document) == ("don-truong", "QĐ-8")
    assert [entry.actor for entry in site.rows(tables.journal) if entry.event.startswith("account.")] == [
        "person:don-truong"
    ] * 2


def declared(site: Website, gate: str) -> DossierKey:
    """A dossier of his at that gate."""
    sent = declaration(gate, gate=gate)
    site.components.intake.receive([Submission(sent.raw, Channel.WINDOW, CLOCK, Digest(sent.digest))])
    return DossierKey(sent.reference, CLOCK.year)


def seen_values(site: Website) -> list[tuple[str, str]]:
    """To whom values of persons were shown, and of which dossier, as the journal keeps it."""
    found = [row for row in site.rows(tables.journal) if row.event == JournalEvent.DOSSIER_PERSONAL_SHOWN]
    return [(row.actor, row.detail["dossier"]) for row in found]


def test_whom_nothing_reached_is_telephoned_from_the_list_and_the_journal_keeps_who_saw_the_number(
    site: Website,
) -> None:
    key = declared(site, "HUUNGHI")
    site.components.accounts.suspend(CITIZEN, unit=HUUNGHI, reason=REASON, actor=TESTER)
    person = logged_in(site, "can-bo", LIST)
    (link,) = person.document().xpath("//section[@aria-labelledby='missing']//a[starts-with(@href, 'tel:')]")
    assert (link.text, link.get("href")) == ("0912 555 010", "tel:0912555010")
    assert seen_values(site) == [("person:can-bo", str(key))]
    (notice,) = site.components.accounts.told(missing=True, actor=actor_of(site.components.people.show("kiem-tra")[0]))
    assert notice.reach is None, "an auditor sees no persons"
    with site.components.database.transaction() as connection:
        connection.execute(tables.notification.update().values(read_at=CLOCK))
    person.get(LIST)
    assert "0912" not in person.told(), "it has arrived"
    assert len(seen_values(site)) == 1


def test_of_another_units_dossier_he_learns_whom_to_ask_and_of_another_declarants_nothing(site: Website) -> None:
    declared(site, "MONGCAI")
    site.components.accounts.suspend(CITIZEN, unit=None, reason=REASON, actor=TESTER)
    person = logged_in(site, "can-bo", LIST)
    assert f"hãy hỏi {NAMES[MONGCAI]}" in person.told()
    assert "0912" not in person.told()
    assert seen_values(site) == []
    site.components.accounts.suspend(OTHER, unit=HUUNGHI, reason=REASON, actor=TESTER)
    person.get(LIST)
    assert "chưa có số điện thoại trong hồ sơ nào" in person.told()


def test_an_officer_sees_them_and_decides_nothing(site: Website) -> None:
    site.components.accounts.suspend(CITIZEN, unit=HUUNGHI, reason=REASON, actor=TESTER)
    (row,) = site.rows(tables.suspension)
    person = logged_in(site, "can-bo", LIST)
    assert CITIZEN in person.told()
    assert person.document().xpath("//main//a[contains(@href, 'tam-dung') or contains(@href, 'khoi-phuc')]") == []
    for address in (SUSPEND, f"{LIST}/{row.id}/khoi-phuc"):
        assert person.get(address).status_code == 403
    person.get(LIST)
    assert person.send(SUSPEND, number=OTHER, where="everywhere", reason=REASON).status_code == 403
    assert len(site.rows(tables.suspension)) == 1


def test_what_holds_at_another_unit_is_not_shown_and_not_lifted(site: Website) -> None:
    site.components.accounts.suspend(CITIZEN, unit=MONGCAI, reason=REASON, actor=TESTER)
    (row,) = site.rows(tables.suspension)
    person = logged_in(site, "don-truong", LIST)
    assert CITIZEN not in person.told()
    assert shown(site) == []
    assert person.get(f"{LIST}/{row.id}/khoi-phuc").status_code == 404
    person.get(LIST)
    assert person.send(f"{LIST}/{row.id}/khoi-phuc", reason="x").status_code == 404
    assert site.rows(tables.suspension)[0].lifted_at is None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"number": "123"}, "number"),
        ({"number": "0100109107"}, "number"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"where": "*"}, "where"),
        ({"ground": "x"}, "ground"),
        ({"ground": "principal"}, "principal"),
        ({"principal": "12"}, "principal"),
        ({"document": "x" * 81}, "document"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(site: Website, typed: dict[str, str], field: str) -> None:
    person = logged_in(site, "don-truong", LIST)
    assert suspend(person, **typed) == 422
    assert person.document().xpath("//*[@class='summary']//a/@href") == [f"#{field}"]
    assert site.rows(tables.suspension) == []


def test_with_the_draft_a_deputy_decides_by_delegation_and_the_body_is_named(site: Website) -> None:
    components = site.components
    deputy, commander = (actor_of(components.people.show(code)[0]) for code in ("pho-don", "don-truong"))
    assert not components.accounts.may_decide(deputy)
    until = components.legal_clock() + timedelta(days=1)
    components.delegations.grant("pho-don", "QĐ-1", valid_to=until, actor=commander)
    assert components.accounts.may_decide(deputy)
    person = logged_in(site, "don-truong", LIST)
    assert suspend(person, ground="principal", principal=ENTERPRISE, document="CV-3") == 200
    assert f"cho {ENTERPRISE}" in person.told()
    assert "2 thông báo chưa đến" in person.told()


def test_of_a_whole_register_the_journal_keeps_how_many_rows_it_were(site: Website) -> None:
    parts = site.components
    with parts.database.transaction() as connection:
        for count in (MOST_NAMED, MOST_NAMED + 1):
            ids = range(1, count + 1)
            note_register_shown(connection, parts.database, NamingRegister.ACCOUNTS, ids, TESTER, parts.legal_clock())
    found = [row.detail for row in site.rows(tables.journal) if row.event == JournalEvent.REGISTER_SHOWN]
    assert [(len(each.get("rows", ())), each.get("many")) for each in found] == [(500, None), (0, 501)]
