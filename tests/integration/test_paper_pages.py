"""What was done on paper, on the pages of officers: typed by one, compared by another, marked wherever it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapter.gateways.store import tables
from adapter.model.journal_events import JournalEvent
from tests.harness import attached
from tests.harness.browsing import Person
from tests.harness.staff import logged_in, staffed
from tests.harness.website import Website
from tests.servers.identity import IdentityProvider

LIST, NEW = "/can-bo/giay", "/can-bo/giay/moi?thu-tuc=BQP0100002"
TYPED = {
    "so": "045/BPCK",
    "nam": "2026",
    "nhan-luc": "2/3/2026 6:45",
    "gate": "HUUNGHI",
    "direction": "XC",
    "declarantName": "Nguyễn Văn Giấy",
    "declarantPersonalNumber": "001085012345",
    "fullName": "Nguyễn Văn Giấy",
    "dateOfBirth": "06/1985",
    "documentNumber": "B7654321",
    "rows.children": "2",
    "children.1.fullName": "",
    "children.2.fullName": "Nguyễn Thị Con",
    "then": "enter",
}
FILE = "/can-bo/ho-so/2026/045BPCK"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("papers")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider) as served:
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    return standing.as_it_was()


def entered(site: Website, **instead: str) -> Person:
    person = logged_in(site, "can-bo", NEW)
    assert person.send(NEW, **TYPED | instead).status_code == 200, person.told()
    return person


def entry(site: Website) -> Any:
    return site.rows(tables.paper_record)[-1]


def test_one_officer_types_it_and_another_one_makes_it_a_dossier(site: Website) -> None:
    person = entered(site)
    assert "Đã nhập" in person.told()
    assert "đồng nghiệp đối chiếu" in person.told()
    row = entry(site)
    assert (row.number, row.gate, row.entered_by) == ("045/BPCK", "HUUNGHI", "can-bo")
    assert row.values["dateOfBirth"] == "1985-06", "as the form takes it"
    (child,) = row.rows["children"]
    assert (child["fullName"], child["seq"]) == ("NGUYEN THI CON", "1"), "an empty row is none"
    assert site.rows(tables.dossier) == []
    colleague = logged_in(site, "can-bo-2")
    assert "chờ đối chiếu: 1" in colleague.told()
    colleague.get(f"{LIST}/{row.id}")
    assert all(text in colleague.told() for text in ("B7654321", "06/1985", "NGUYEN THI CON", "045/BPCK"))
    assert colleague.send(f"{LIST}/{row.id}/khop").status_code == 200
    (dossier,) = site.rows(tables.dossier)
    assert (dossier.number, dossier.channel, dossier.state) == ("045BPCK", "manual", "recorded")
    assert "Làm thủ tục bằng giấy" in colleague.told(), "he is led to the dossier"


def test_whoever_has_typed_it_cannot_check_it(site: Website) -> None:
    person = entered(site)
    number = entry(site).id
    person.get(f"{LIST}/{number}")
    assert person.document().xpath("//button[@data-next]") == []
    assert person.send(f"{LIST}/{number}/khop").status_code == 409
    assert "cán bộ khác phải đối chiếu" in person.told()
    assert site.rows(tables.dossier) == []


def test_what_does_not_agree_is_sent_back_with_a_reason_and_corrected(site: Website) -> None:
    person = entered(site)
    number = entry(site).id
    colleague = logged_in(site, "can-bo-2", f"{LIST}/{number}")
    assert colleague.send(f"{LIST}/{number}/tra-lai", reason=" ").status_code == 422
    assert colleague.send(f"{LIST}/{number}/tra-lai", reason="Sai năm sinh").status_code == 200
    person.get(LIST)
    assert "Sai năm sinh" in person.told()
    (again,) = person.document().xpath(f"//a[contains(@href, 'tu={number}')]/@href")
    person.get(str(again))
    values = {str(each.get("name")): str(each.get("value")) for each in person.document().xpath("//input[@name]")}
    assert (values["so"], values["nhan-luc"], values["dateOfBirth"]) == ("045/BPCK", "02/03/2026 06:45", "06/1985")
    assert values["children.1.fullName"] == "NGUYEN THI CON"
    assert person.send(NEW, **TYPED).status_code == 200
    person.get(LIST)
    assert "Sai năm sinh" not in person.told(), "it was entered anew"


def test_faults_are_told_at_their_fields_and_nothing_typed_is_lost(site: Website) -> None:
    person = logged_in(site, "can-bo", NEW)
    wrong = {"dateOfBirth": "hôm kia", "nhan-luc": "2026-03-02T06:45", "children.2.dateOfBirth": "mai mốt"}
    assert person.send(NEW, **TYPED | wrong).status_code == 422
    leads = [str(each) for each in person.document().xpath("//div[@role='alert']//a/@href")]
    assert leads == ["#dateOfBirth", "#children-1-dateOfBirth"], "the empty row before it is gone"
    values = {str(each.get("name")): str(each.get("value")) for each in person.document().xpath("//input[@name]")}
    assert (values["dateOfBirth"], values["documentNumber"], values["so"]) == ("hôm kia", "B7654321", "045/BPCK")
    assert site.rows(tables.paper_record) == []


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        ({"so": ""}, "Số trên bản giấy"),
        ({"so": "---"}, "phải có chữ hoặc số"),
        ({"nam": "26"}, "4 chữ số"),
        ({"nhan-luc": "2026-03-09T06:45"}, "chưa tới"),
        ({"xac-nhan-luc": "2026-03-02T06:40"}, "phải sau giờ nhận"),
        ({"gate": "MONGCAI"}, "không thuộc đơn vị của bạn"),
        ({"so-xac-nhan": "x\u0001"}, "ký tự không dùng được"),
    ],
    ids=["no number", "no letter", "no year", "to come", "confirmed before", "another unit's", "a control character"],
)
def test_what_no_paper_can_say_is_told_in_words(site: Website, instead: dict[str, str], told: str) -> None:
    person = logged_in(site, "can-bo", NEW)
    assert person.send(NEW, **TYPED | instead).status_code == 422
    assert told in person.told()
    assert site.rows(tables.paper_record) == []


def test_a_number_is_taken_once(site: Website) -> None:
    person = entered(site)
    assert person.send(NEW, **TYPED).status_code == 422
    assert "Đã có hồ sơ hoặc bản nhập mang số này" in person.told()


def test_a_row_is_added_and_what_was_typed_stays(site: Website) -> None:
    person = logged_in(site, "can-bo", NEW)
    assert person.send(NEW, **TYPED | {"then": "add:children"}).status_code == 200
    names = [str(each) for each in person.document().xpath("//input/@name")]
    assert "children.3.fullName" in names
    assert person.document().xpath("//input[@name='documentNumber']/@value") == ["B7654321"]
    assert site.rows(tables.paper_record) == []


def test_another_units_entry_is_as_if_it_did_not_exist(site: Website) -> None:
    entered(site)
    stranger = logged_in(site, "mong-cai", LIST)
    assert "045/BPCK" not in stranger.told()
    assert stranger.get(f"{LIST}/{entry(site).id}").status_code == 404
    assert stranger.send(f"{LIST}/{entry(site).id}/khop").status_code == 404


def test_that_an_entry_was_shown_is_journalled(site: Website) -> None:
    entered(site)
    logged_in(site, "can-bo-2", f"{LIST}/{entry(site).id}")
    shown = [row for row in site.rows(tables.journal) if row.event == JournalEvent.PAPER_SHOWN]
    assert [(row.actor, row.detail) for row in shown] == [("person:can-bo-2", {"paper": entry(site).id})]


def attach(person: Person, number: int, name: str, raw: bytes) -> int:
    """Send a file from the entry's page."""
    person.get(f"{LIST}/{number}")
    (token, *_) = person.document().xpath("//input[@name='csrf']/@value")
    sent = {"data": {"csrf": str(token), "what": "KHAC"}, "files": {"file": (name, raw)}}
    origin = {"Origin": person.site, "Referer": person.at}
    return person.ask("POST", f"{LIST}/{number}/ban-quet", headers=origin, **sent).status_code


def test_the_scan_is_attached_seen_by_the_colleague_and_becomes_the_dossiers(site: Website) -> None:
    person, raw = entered(site), attached.letter()
    number = entry(site).id
    assert attach(person, number, "ban-giay.exe", b"MZ") == 422
    assert attach(person, number, "ban-giay.pdf", raw) == 200
    colleague = logged_in(site, "can-bo-2", f"{LIST}/{number}")
    (place,) = colleague.document().xpath("//a[contains(@href, '/ban-quet/')]/@href")
    assert "chưa quét mã độc" in colleague.told()
    given = colleague.get(str(place))
    assert given.content == raw
    assert given.headers["content-disposition"].startswith("attachment")
    shown = [row.detail for row in site.rows(tables.journal) if row.event == JournalEvent.ATTACHMENT_GIVEN]
    assert [each["paper"] for each in shown] == [number]
    stranger = logged_in(site, "mong-cai", LIST)
    assert stranger.get(str(place)).status_code == 404
    colleague.get(f"{LIST}/{number}")
    assert colleague.send(f"{LIST}/{number}/khop").status_code == 200
    (dossier,) = site.rows(tables.dossier)
    assert [row.dossier_id for row in site.rows(tables.attachment)] == [dossier.id]
    assert attach_late(colleague, number, raw) == 409


def attach_late(person: Person, number: int, raw: bytes) -> int:
    """The form as it was drawn before the entry was checked."""
    (token, *_) = person.document().xpath("//input[@name='csrf']/@value")
    sent = {"data": {"csrf": str(token), "what": "KHAC"}, "files": {"file": ("x.pdf", raw)}}
    origin = {"Origin": person.site, "Referer": person.at}
    return person.ask("POST", f"{LIST}/{number}/ban-quet", headers=origin, **sent).status_code


@pytest.fixture
def recorded(site: Website) -> Website:
    entered(site, **{"so-xac-nhan": "XN-7", "xac-nhan-luc": "2026-03-02T06:55"})
    colleague = logged_in(site, "can-bo-2", LIST)
    assert colleague.send(f"{LIST}/{entry(site).id}/khop").status_code == 200
    return site


def test_it_is_marked_on_the_work_list_and_on_its_page(recorded: Website) -> None:
    person = logged_in(recorded, "can-bo", "/can-bo?luot=moi-nhat")
    (row,) = person.document().xpath("//table[@data-rows]/tbody/tr")
    assert "Hồ sơ giấy" in row.text_content()
    person.get(FILE)
    for part in ("Làm thủ tục bằng giấy", "Không có xác nhận điện tử", "Có thể yêu cầu", "045/BPCK", "XN-7"):
        assert part in person.told()
    assert person.document().xpath("//button[@data-next]") == [], "no act leads on"
    assert "Nhập từ bản giấy" in person.told(), "in its life"


def test_its_message_is_shown_to_operators(recorded: Website) -> None:
    (message,) = recorded.rows(tables.inbox)
    person = logged_in(recorded, "van-hanh", "/van-hanh/thong-diep")
    assert "bản giấy nhập lại" in person.told()
    assert person.get(f"/van-hanh/thong-diep/{message.public_id}").status_code == 200
    assert "bản giấy nhập lại" in person.told()
