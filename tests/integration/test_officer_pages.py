"""Pages of border officers on real stores: the work list, one dossier, what is decided on it, what nobody may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html
from sqlalchemy import update

from adapter.gateways.store import tables
from adapter.gateways.store import worklist as store
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.stages import Channel, Submission
from adapter.services.dossiers.worklist import PAGE
from tests.harness.browsing import Person
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER, play
from tests.harness.staff import logged_in, staffed
from tests.harness.statements import brought
from tests.harness.statements import logged_in as holder_in
from tests.harness.units import MONGCAI, NAMES
from tests.harness.website import Website, changed
from tests.integration.test_case_warnings import ELSEWHERE, FIRM, declare
from tests.servers.identity import IdentityProvider

HERE, THERE = DossierKey("OF1", 2026), DossierKey("OF2", 2026)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str, provider: IdentityProvider) -> Iterator[Website]:
    with staffed(tmp_path_factory.mktemp("both"), standing_url, provider) as served:
        _declared(served, HERE, "HUUNGHI")
        _declared(served, THERE, "MONGCAI")
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("standing")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider) as served:
        _declared(served, HERE, "HUUNGHI")
        _declared(served, THERE, "MONGCAI")
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """On SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def _declared(site: Website, key: DossierKey, gate: str, number: int = 1) -> None:
    message = declaration(
        f"{key.number}{number:02}", reference=key.number, gate=gate, function="01", sent="2026-03-02 07:14:58"
    )
    site.components.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])


def address(key: DossierKey) -> str:
    return f"/can-bo/ho-so/{key.year}/{key.number}"


def listed(person: Person) -> list[str]:
    return [str(each) for each in person.document().xpath("//table[@data-rows]/tbody/tr/th/a/text()")]


def entries(site: Website, event: str) -> list[Any]:
    return [row for row in site.rows(tables.journal) if row.event == event]


def state(site: Website, key: DossierKey) -> str:
    return next(row.state for row in site.rows(tables.dossier) if row.number == key.number)


def act(person: Person, key: DossierKey, name: str, /, **fields: str) -> int:
    """Press the button on the page that he is on."""
    seen = person.document().xpath("//input[@name='seen']/@value")[0]
    return person.send(f"{address(key)}/{name}", seen=str(seen), **fields).status_code


def test_the_list_has_the_dossiers_of_his_unit_by_their_clock(site: Website) -> None:
    person = logged_in(site, "can-bo")
    assert listed(person) == [HERE.number]
    (row,) = person.document().xpath("//table[@data-rows]/tbody/tr")
    told = " ".join(row.text_content().split())
    assert "còn 1 giờ" in told
    assert "Đã tiếp nhận" in told


def test_who_declared_was_shown_is_journalled_with_each_page(site: Website) -> None:
    logged_in(site, "can-bo")
    (shown,) = entries(site, JournalEvent.WORKLIST_SHOWN)
    assert (shown.actor, shown.detail["dossiers"]) == ("person:can-bo", ["OF1/2026"])


def test_an_auditor_sees_every_unit_and_no_person(small: Website) -> None:
    person = logged_in(small, "kiem-tra")
    assert sorted(listed(person)) == [HERE.number, THERE.number]
    assert entries(small, JournalEvent.WORKLIST_SHOWN) == []
    declarant = next(row.declarant for row in small.rows(tables.dossier))
    assert declarant
    assert declarant not in person.told()
    person.get(address(HERE))
    assert declarant not in person.told()
    assert "Dữ liệu cá nhân được che" in person.told()
    assert entries(small, JournalEvent.DOSSIER_PERSONAL_SHOWN) == []
    assert person.document().xpath("//button[@data-next]") == [], "he decides nothing"


def test_a_dossier_is_opened_and_that_its_persons_were_shown_is_journalled(site: Website) -> None:
    person = logged_in(site, "can-bo", address(HERE))
    told = person.told()
    for part in ("Hồ sơ OF1", "Hạn xác nhận", "Nội dung khai báo", "Các phiên bản và chữ ký", "Diễn biến"):
        assert part in told
    declarant = next(row.declarant for row in site.rows(tables.dossier) if row.number == HERE.number)
    assert declarant in told
    (shown,) = entries(site, JournalEvent.DOSSIER_PERSONAL_SHOWN)
    assert (shown.actor, shown.detail["dossier"]) == ("person:can-bo", "OF1/2026")


@pytest.mark.parametrize("key", [THERE, DossierKey("NONE", 2026)], ids=["another unit's", "none"])
@pytest.mark.parametrize("below", ["", "/refuse", "/request_amendment", "/approve"])
def test_another_units_dossier_is_as_if_it_did_not_exist(small: Website, key: DossierKey, below: str) -> None:
    person = logged_in(small, "can-bo")
    assert person.get(address(key) + below).status_code == 404
    assert entries(small, JournalEvent.DOSSIER_PERSONAL_SHOWN) == []


@pytest.mark.parametrize("name", ["accept", "complete", "refuse", "withdraw_request", "approve", "decline"])
def test_no_act_on_another_units_dossier(small: Website, name: str) -> None:
    person = logged_in(small, "can-bo", address(HERE))
    fields = {"reason": "x", "amendment": "1"}
    before = [row for row in small.rows(tables.journal) if row.dossier_id is not None]
    assert act(person, THERE, name, **fields) == 404
    assert [row for row in small.rows(tables.journal) if row.dossier_id is not None] == before


@pytest.mark.parametrize("unit", [MONGCAI, "CK-TANTHANH"], ids=["another of this installation", "a third"])
def test_who_is_given_to_another_unit_in_the_middle_of_his_session_has_left_the_dossiers_of_this_one(
    small: Website, unit: str
) -> None:
    person = logged_in(small, "can-bo", address(HERE))
    seen = str(person.document().xpath("//input[@name='seen']/@value")[0])
    answer = person.document().xpath("//a[contains(@href, '/tra-loi/')]/@href")[0]
    before = [row for row in small.rows(tables.journal) if row.dossier_id is not None]
    with small.components.database.transaction() as connection:
        connection.execute(update(tables.person).where(tables.person.c.code == "can-bo").values(unit=unit))
    for place in (*(address(HERE) + below for below in ("", "/refuse", "/request_amendment", "/pairs")), str(answer)):
        assert person.get(place).status_code == 404, place
    person.get("/can-bo")
    assert HERE.number not in listed(person)
    for name in ("accept", "complete", "refuse", "request_amendment"):
        assert person.send(f"{address(HERE)}/{name}", seen=seen, reason="x").status_code == 404, name
        person.get("/can-bo")
    person.send("/can-bo/xac-nhan", d=f"{HERE.year}/{HERE.number}@{seen}")
    assert "Đã xác nhận 0 trong 1 hồ sơ" in person.told()
    assert [row for row in small.rows(tables.journal) if row.dossier_id is not None] == before
    assert state(small, HERE) == "accepted"


def test_an_act_is_done_in_his_own_name_with_the_key_of_his_unit(site: Website) -> None:
    person = logged_in(site, "can-bo", address(HERE))
    assert act(person, HERE, "complete", remarks="Xuất trình bản chính") == 200
    assert "Đã ký xác nhận hoàn thành" in person.told()
    (done,) = entries(site, JournalEvent.DOSSIER_COMPLETE)
    assert done.actor == "person:can-bo"
    (form,) = [row.body for row in site.rows(tables.outbox) if row.kind == "Completion"]
    assert "NGUYEN VAN HAI" in form.decode()
    assert "Xuất trình bản chính" in form.decode()


def test_a_form_that_is_sent_twice_does_it_once_and_leads_to_the_same_result(site: Website) -> None:
    person = logged_in(site, "can-bo", address(HERE))
    page = person.page
    assert act(person, HERE, "complete") == 200
    first = person.at
    person.at, person.page = f"{site.staff_url}{address(HERE)}", page  # the same form again
    assert act(person, HERE, "complete") == 200
    assert person.at == first
    assert len(entries(site, JournalEvent.DOSSIER_COMPLETE)) == 1


def test_of_two_officers_the_second_is_told_who_was_faster(site: Website) -> None:
    first, second = (logged_in(site, who, address(HERE)) for who in ("can-bo", "can-bo-2"))
    assert act(first, HERE, "complete") == 200
    assert act(second, HERE, "refuse", reason="Không đầy đủ") == 409
    told = second.told()
    assert "Đại úy NGUYEN VAN HAI" in told
    assert "Không đầy đủ" in told, "what he has written is not lost"
    assert state(site, HERE) == "completed"


def test_an_act_is_done_to_what_was_seen_or_not_at_all(small: Website) -> None:
    """A colleague has asked for an amendment meanwhile: the state would allow the confirmation all the same."""
    person = logged_in(small, "can-bo", address(HERE))
    small.components.amendments.request(HERE, OFFICER, reason="Chưa chính xác", items=ITEMS)
    assert act(person, HERE, "complete") == 409
    assert "Yêu cầu sửa đổi, bổ sung" in person.told()
    assert state(small, HERE) == "amendment_requested"


def test_of_two_officers_at_the_same_moment_one_does_it(site: Website) -> None:
    people = [logged_in(site, who, address(HERE)) for who in ("can-bo", "can-bo-2")]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda person: act(person, HERE, "complete"), people))
    assert sorted(statuses) == [200, 409]
    assert len(entries(site, JournalEvent.DOSSIER_COMPLETE)) == 1


def test_a_refusal_has_its_reason_or_is_asked_again(small: Website) -> None:
    person = logged_in(small, "can-bo", f"{address(HERE)}/refuse")
    assert act(person, HERE, "refuse", reason=" ") == 422
    assert "chưa ghi nội dung" in person.told()
    assert act(person, HERE, "refuse", reason="Hồ sơ trùng", ground="") == 200
    assert state(small, HERE) == "refused"


def _asking(person: Person) -> dict[str, Any]:
    """The form of a request to amend two fields, as it is filled in."""
    person.get(f"{address(HERE)}/request_amendment")
    places = [str(each) for each in person.document().xpath("//input[@name='o']/@value")][:2]
    person.get(f"{address(HERE)}/request_amendment?o={places[0]}&o={places[1]}")
    fields = {"reason": "Nội dung khai báo chưa chính xác"}
    for place in places:
        fields |= {f"{place}.wrong": "Không khớp", f"{place}.asked": "Khai lại"}
    hidden = {name: str(person.document().xpath(f"//input[@name='{name}']/@value")[0]) for name in ("seen", "csrf")}
    return {**fields, **hidden, "o": places}


def _ask(person: Person, form: dict[str, Any]) -> int:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(person.at))
    where = f"{address(HERE)}/request_amendment"
    return person.ask("POST", where, data=form, headers={"Origin": origin}).status_code


def test_a_request_that_comes_too_late_keeps_all_that_was_written(small: Website) -> None:
    person, faster = logged_in(small, "can-bo"), logged_in(small, "can-bo-2", address(HERE))
    form = _asking(person)
    assert act(faster, HERE, "complete") == 200
    assert _ask(person, form) == 409
    for written in ("Nội dung khai báo chưa chính xác", "Không khớp", "Khai lại"):
        assert written in person.told()


def test_a_request_to_amend_names_the_fields_and_can_be_withdrawn(site: Website) -> None:
    person = logged_in(site, "can-bo")
    assert _ask(person, _asking(person)) == 200
    (asked,) = site.rows(tables.amendment_request)
    assert [item["pointer"].startswith("/Envelope/Body/Content/") for item in asked.items] == [True, True]
    assert asked.officer == "can-bo"
    person.get(f"{address(HERE)}/withdraw_request")
    assert act(person, HERE, "withdraw_request", reason="Đã kiểm tra lại") == 200
    (asked,) = site.rows(tables.amendment_request)
    assert asked.withdrawn_by == "can-bo"


def test_a_signed_form_is_printed_and_the_journal_keeps_that(small: Website) -> None:
    person = logged_in(small, "can-bo", address(HERE))
    assert act(person, HERE, "complete") == 200
    places = [str(each) for each in person.document().xpath("//a[contains(@href, '/tra-loi/')]/@href")]
    assert len(places) == 2, "the acceptance and the confirmation"
    before = len(entries(small, JournalEvent.DOSSIER_PERSONAL_SHOWN))
    printed = person.get(places[-1])
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
    shown = entries(small, JournalEvent.DOSSIER_PERSONAL_SHOWN)[before:]
    assert [(row.actor, row.detail["dossier"]) for row in shown] == [("person:can-bo", "OF1/2026")]
    assert shown[0].detail["reply"] in places[-1]
    assert {row.delivered_at for row in small.rows(tables.outbox)} == {None}, "it is no receipt of the declarant's"
    assert logged_in(small, "mong-cai").get(places[-1]).status_code == 404
    assert logged_in(small, "kiem-tra").get(places[-1]).status_code == 403


MOVES = "BQP0100003/accepted-on-request-move-to-another-gate-waits"


def test_a_dossier_is_moved_by_asking_its_declarant_for_another_gate(small: Website) -> None:
    person = logged_in(small, "can-bo", address(HERE))
    person.get(f"{address(HERE)}/move")
    offered = [str(each) for each in person.document().xpath("//select[@name='gate']/option/@value")]
    assert offered == ["", "MONGCAI"], "gates of our units, without its own"
    assert act(person, HERE, "move", gate="HUUNGHI", reason="") == 422
    assert act(person, HERE, "move", gate="MONGCAI", reason="Đoàn đến cửa khẩu khác") == 200
    assert "Đã lập yêu cầu sửa đổi, bổ sung" in person.told()
    (asked,) = small.rows(tables.amendment_request)
    assert [each["pointer"].rpartition("/")[2] for each in asked.items] == ["Gate", "BorderUnit"]
    assert [each["wrong"].rpartition(" (")[2] for each in asked.items] == ["HUUNGHI)", "CK-HUUNGHI)"]
    assert [each["asked"].rpartition(" (")[2] for each in asked.items] == ["MONGCAI)", "CK-MONGCAI)"]
    assert next(row.gate for row in small.rows(tables.dossier) if row.number == HERE.number) == "HUUNGHI"


def test_who_lets_a_dossier_go_is_told_where_it_went_and_sees_no_more_of_it(small: Website) -> None:
    key = play(small.components, MOVES)
    person = logged_in(small, "can-bo", f"{address(key)}/approve")
    assert "Đồng ý thì hồ sơ chuyển sang cửa khẩu Móng Cái" in person.told()
    form, at = person.page, person.at
    number = next(row.number for row in small.rows(tables.amendment))
    for _ in range(2):  # the same form, sent twice
        person.page, person.at = form, at
        assert act(person, key, "approve", amendment=number) == 200
        assert "đã chuyển sang cửa khẩu khác" in person.told()
        assert NAMES[MONGCAI] in person.told()
        assert (
            next(row.declarant for row in small.rows(tables.dossier) if row.number == key.number) not in person.told()
        )
    assert len(entries(small, JournalEvent.DOSSIER_APPROVE)) == 1
    assert person.get(f"{address(key)}/refuse").status_code == 404
    there = logged_in(small, "mong-cai", address(key))
    assert act(there, key, "complete") == 200


WAITS = "BQP0100003/accepted-own-discovery-waits-for-approval"
LETTER_LATER = "BQP0100004/accepted-original-letter-to-follow"


def test_an_amendment_is_seen_beside_what_it_changes_and_approved(site: Website) -> None:
    key = play(site.components, WAITS)
    person = logged_in(site, "can-bo", address(key))
    changed = person.document().xpath("//tr[@class='changed'] | //ins")
    assert changed, "what is changed is marked"
    assert "Phiên bản 2" in person.told()
    assert "chờ duyệt" in person.told()
    assert person.document().xpath("//button[@data-next]") == [], "it is decided first"
    person.get(f"{address(key)}/approve")
    number = next(row.number for row in site.rows(tables.amendment))
    assert act(person, key, "approve", amendment=number) == 200
    assert state(site, key) == "amended"
    assert act(person, key, "complete") == 200
    assert state(site, key) == "completed_amended"


def test_an_amendment_is_declined_with_its_reason(small: Website) -> None:
    key = play(small.components, WAITS)
    person = logged_in(small, "can-bo", f"{address(key)}/decline")
    number = next(row.number for row in small.rows(tables.amendment))
    assert act(person, key, "decline", amendment=number, reason="") == 422
    assert act(person, key, "decline", amendment=number, reason="Không khớp với giấy tờ") == 200
    (row,) = small.rows(tables.amendment)
    assert (row.state, row.decided_by, row.reason) == ("declined", "can-bo", "Không khớp với giấy tờ")


def test_an_amendment_of_another_dossier_is_not_decided_here(small: Website) -> None:
    key = play(small.components, WAITS)
    number = next(row.number for row in small.rows(tables.amendment))
    person = logged_in(small, "can-bo", address(HERE))
    assert act(person, HERE, "approve", amendment=number) == 409
    assert state(small, key) == "completed"


def test_papers_that_were_brought_are_noted(small: Website) -> None:
    key = play(small.components, LETTER_LATER, MOCBAI="HUUNGHI")
    small.components.completion.complete(key, OFFICER)
    person = logged_in(small, "can-bo", f"{address(key)}/note_papers")
    (name,) = person.document().xpath("//select[@name='name']/option/@value")
    assert act(person, key, "note_papers", name=str(name)) == 200
    (noted,) = entries(small, JournalEvent.DOSSIER_BROUGHT)
    assert (noted.actor, noted.detail["deadline"]) == ("person:can-bo", name)


def test_warnings_tell_number_gate_and_time_of_another_dossier_and_no_more(small: Website) -> None:
    """Both dossiers state one paper; the other one is another unit's."""
    person = logged_in(small, "can-bo", address(HERE))
    (warned,) = person.document().xpath("//section[@aria-labelledby='warnings']")
    told = " ".join(warned.text_content().split())
    assert "Giấy tờ này có ở hồ sơ khác" in told
    assert f"{THERE.number}/{THERE.year}" in told
    assert "Móng Cái" in told
    assert warned.xpath(".//a") == []


def test_every_kind_of_warning_stands_on_the_page_and_of_another_dossier_number_gate_and_time(small: Website) -> None:
    """The other one is another unit's; the account of the firm is suspended; two persons lead."""
    whole = small.components
    key = declare(whole, "HS1", {"<Role>MEMBER": "<Role>LEADER"})
    declare(whole, "HS2", ELSEWHERE, {"E81234563": "E91234563"})
    whole.accounts.suspend(FIRM, unit="CK-HUUNGHI", reason="Chờ xác minh", actor=OFFICER)
    person = logged_in(small, "can-bo", address(key))
    (warned,) = person.document().xpath("//section[@aria-labelledby='warnings']")
    kinds = {" ".join(each.split()) for each in warned.xpath(".//li/strong/text()")}
    assert kinds >= {
        *("Tài khoản định danh đang bị tạm dừng", "Bản khai có hơn một người đứng đầu"),
        *("Giấy tờ này có ở hồ sơ khác", "Người đứng đầu cũng đứng đầu hồ sơ khác"),
    }
    told = {" ".join(each.text_content().split()) for each in warned.xpath(".//span[@class='under number']")}
    assert len(told) == 1, "the same of each kind"
    assert re.fullmatch(r"HS2/2026 · Móng Cái · .*02/03/2026.*", told.pop())
    assert warned.xpath(".//a") == [], "the one of another unit leads nowhere"


def test_what_both_doors_brought_is_warned_of_on_the_page_of_either(small: Website) -> None:
    for number, (channel, signer) in enumerate(((Channel.PORTAL, "portal"), (Channel.WINDOW, "nsw")), start=1):
        message = declaration(number, signer=signer)
        small.components.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    keys = DossierKey("PROOF1", 2026), DossierKey("PROOF2", 2026)
    person = logged_in(small, "can-bo")
    for key, other in (keys, keys[::-1]):
        person.get(address(key))
        (warned,) = person.document().xpath("//section[@aria-labelledby='warnings']")
        lines = [" ".join(each.text_content().split()) for each in warned.xpath(".//li")]
        assert any("Cùng nội dung khai ở nơi khác" in line and str(other) in line for line in lines), lines


def test_a_warning_about_a_dossier_of_the_own_unit_leads_to_it(small: Website) -> None:
    other = DossierKey("OF3", 2026)
    _declared(small, other, "HUUNGHI")
    person = logged_in(small, "can-bo", address(HERE))
    (warned,) = person.document().xpath("//section[@aria-labelledby='warnings']")
    assert warned.xpath(".//a/@href") == [address(other)], "the one of another unit leads nowhere"


def test_several_are_confirmed_with_one_question_and_one_result_list(site: Website) -> None:
    other = DossierKey("OF3", 2026)
    _declared(site, other, "HUUNGHI")
    person = logged_in(site, "can-bo", "/can-bo/xac-nhan?d=2026/OF1&d=2026/OF3&d=2026/OF2")
    chosen = [str(each) for each in person.document().xpath("//input[@name='d']/@value")]
    assert [each.partition("@")[0] for each in chosen] == ["2026/OF1", "2026/OF3"], "another unit's is not there"
    faster = logged_in(site, "can-bo-2", address(other))
    assert act(faster, other, "complete") == 200
    assert _confirm_several(person, site, chosen) == 200
    assert "Đã xác nhận 1 trong 2 hồ sơ" in person.told()
    assert {state(site, HERE), state(site, other)} == {"completed"}


def _confirm_several(person: Person, site: Website, chosen: list[str]) -> int:
    csrf = str(person.document().xpath("//input[@name='csrf']/@value")[0])
    sent = {"csrf": csrf, "d": chosen}
    return person.ask("POST", "/can-bo/xac-nhan", data=sent, headers={"Origin": site.staff_url}).status_code


def test_a_result_list_that_is_loaded_again_says_the_same(small: Website) -> None:
    person = logged_in(small, "can-bo", "/can-bo/xac-nhan?d=2026/OF1")
    chosen = [str(each) for each in person.document().xpath("//input[@name='d']/@value")]
    for _ in range(2):
        assert _confirm_several(person, small, chosen) == 200
        assert "Đã xác nhận 1 trong 1 hồ sơ" in person.told()
    assert len(entries(small, JournalEvent.DOSSIER_COMPLETE)) == 1


@pytest.mark.parametrize("seen", ["", "x", "-1", "1.0", "²", "٣", "9" * 10])
def test_a_place_in_the_journal_that_is_no_number_confirms_nothing(small: Website, seen: str) -> None:
    person = logged_in(small, "can-bo", address(HERE))
    assert _confirm_several(person, small, [f"2026/OF1@{seen}"]) == 400
    assert state(small, HERE) == "accepted"


def test_a_filter_is_codes_in_the_address(small: Website) -> None:
    person = logged_in(small, "can-bo", "/can-bo?trang-thai=accepted")
    assert listed(person) == [HERE.number]
    person.get("/can-bo?trang-thai=refused")
    assert listed(person) == []
    person.get("/can-bo?cua-khau=MONGCAI")
    assert listed(person) == [], "another unit's gate"
    person.get("/can-bo?cua-toi=1")
    assert listed(person) == []
    person.get(address(HERE))
    act(person, HERE, "complete")
    person.get("/can-bo?luot=moi-nhat&cua-toi=1")
    assert listed(person) == [HERE.number]
    heads = person.document().xpath("//table[@data-rows]//td[time]/@data-l | //table[@data-rows]//td[div/time]/@data-l")
    assert heads[0] == "Tiếp nhận", "on a telephone too, where each row has its own heads"
    assert "Xác nhận các hồ sơ đã chọn" not in person.told(), "nothing of it can be chosen"


@pytest.mark.parametrize("turn", ["", "luot=moi-nhat&"])
def test_pages_of_the_list_follow_each_other_without_gap_or_repetition(small: Website, turn: str) -> None:
    for n in range(PAGE + 5):
        _declared(small, DossierKey(f"PG{n:03}", 2026), "HUUNGHI")
    person = logged_in(small, "can-bo", f"/can-bo?{turn}")
    first = listed(person)
    assert len(first) == PAGE
    (older,) = person.document().xpath("//a[contains(@href, 'after=')]/@href")
    person.get(str(older))
    second = listed(person)
    assert not set(first) & set(second)
    assert len(first) + len(second) == PAGE + 6
    news, mark = _news(person)
    assert person.ask("GET", news, follow=False, headers={"If-None-Match": mark}).status_code == 304, "nothing came"


def test_a_filter_looks_at_so_many_for_a_page_and_says_how_far_it_came(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOOKED_AT", 2)
    mine = [DossierKey(f"LK{n}", 2026) for n in range(6)]
    for key in mine:
        _declared(site, key, "HUUNGHI")
    person = logged_in(site, "can-bo")
    for key in (mine[0], mine[5]):  # the oldest and the newest of them
        person.get(address(key))
        assert act(person, key, "complete") == 200
    pages, place = [], "/can-bo?luot=moi-nhat&cua-toi=1"
    while place and len(pages) < 9:
        person.get(place)
        pages.append((listed(person), "Đã xem các hồ sơ nhận từ" in person.told(), "Chưa thấy" in person.told()))
        place = next(iter(person.document().xpath("//main//a[contains(@href, 'after=')]/@href")), "")
    assert [each for found, _, _ in pages for each in found] == ["LK5", "LK0"]
    assert [goes_on for _, goes_on, _ in pages] == [True] * 3 + [False]
    assert pages[1] == ([], True, True), "it found nothing so far, and does not say that there is nothing"
    person.get("/can-bo?luot=moi-nhat&trang-thai=refused")
    assert "Đang lọc; bỏ lọc để xem mọi hồ sơ" in person.told()
    assert "chưa nhận hồ sơ nào" not in person.told(), "the unit has received some"


def _news(person: Person) -> tuple[str, str]:
    """Where the page asks for news, and the mark that it sends."""
    (place,) = person.document().xpath("//*[@data-news]")
    return str(place.get("data-news")), f'"{place.get("data-mark")}"'


def test_new_work_is_announced_and_costs_nothing_while_there_is_none(small: Website) -> None:
    person = logged_in(small, "can-bo")
    news, mark = _news(person)
    assert person.ask("GET", news, follow=False, headers={"If-None-Match": mark}).status_code == 304
    _declared(small, DossierKey("NEW1", 2026), "HUUNGHI")
    person.ask("GET", news, headers={"If-None-Match": mark})
    assert person.page is not None
    assert person.page.status_code == 200
    assert "csrf" not in person.page.text
    assert html.fromstring(person.page.text).xpath("//a/@href") == ["/can-bo"]


def test_every_page_is_for_nobodys_cache(small: Website) -> None:
    person = logged_in(small, "can-bo")
    for place in ("/can-bo", address(HERE), f"{address(HERE)}/refuse"):
        assert person.get(place).headers["cache-control"] == "private, no-store"


def test_what_both_doors_brought_is_compared_and_settled_on_a_page(small: Website) -> None:
    direct = DossierKey("OFP", 2026)
    message = declaration("OFP1", reference=direct.number, signer="portal", purpose="Du lịch")
    small.components.intake.receive([Submission(message.raw, Channel.PORTAL, CLOCK, Digest(message.digest))])
    person = logged_in(small, "can-bo", address(HERE))
    assert "Cùng nội dung khai ở nơi khác" in person.told()
    person.get(f"{address(HERE)}/pairs")
    differ = [" ".join(each.text_content().split()) for each in person.document().xpath("//tr[@class='changed']")]
    assert any("Du lịch" in each and "Thăm thân" in each for each in differ)
    assert not any("C1234567" in each for each in differ), "what is alike is only counted"
    other = {"other": str(direct), "reason": "cùng người, cùng chuyến"}
    assert act(person, HERE, "settle_pair", other=str(direct), reason="x") == 422
    assert act(person, HERE, "settle_pair", verdict="same", **other) == 200
    assert "Đã ghi kết luận về hai hồ sơ." in person.told()
    assert (state(small, HERE), state(small, direct)) == ("merged", "accepted")
    person.get(f"{address(HERE)}/pairs")
    assert "Là một hồ sơ." in person.told()
    assert act(person, HERE, "reopen_pair", **other) == 200
    assert (state(small, HERE), state(small, direct)) == ("accepted", "accepted")
    assert person.get(f"{address(THERE)}/pairs").status_code == 404


def test_of_a_pair_of_two_units_each_sees_it_and_settles_it_and_a_third_has_no_page(small: Website) -> None:
    direct, told = DossierKey("OFQ", 2026), {"reason": "hai đơn vị đã trao đổi"}
    message = declaration("OFQ1", reference=direct.number, signer="portal")
    small.components.intake.receive([Submission(message.raw, Channel.PORTAL, CLOCK, Digest(message.digest))])
    with small.components.database.transaction() as connection:  # it has moved to another unit's gate since
        mine = update(tables.dossier).where(tables.dossier.c.number == direct.number)
        connection.execute(mine.values(gate="MONGCAI", unit=MONGCAI))
        third = update(tables.person).where(tables.person.c.code == "don-truong")
        connection.execute(third.values(unit="CK-TANTHANH"))
    here, there, stranger = (logged_in(small, who) for who in ("can-bo", "mong-cai", "don-truong"))
    for person, own, other in ((here, HERE, direct), (there, direct, HERE)):
        person.get(f"{address(own)}/pairs")
        assert str(other) in person.told()
        assert person.document().xpath("//tr[@class='changed']") == [], "of another unit's nothing is compared"
        assert person.get(f"{address(other)}/pairs").status_code == 404
    for key, other in ((HERE, direct), (direct, HERE)):
        assert stranger.get(f"{address(key)}/pairs").status_code == 404
        stranger.get("/can-bo")
        form = {"seen": "1", "other": str(other), "verdict": "same", **told}
        assert stranger.send(f"{address(key)}/settle_pair", **form).status_code == 404
    there.get(f"{address(direct)}/pairs")
    assert act(there, direct, "settle_pair", other=str(HERE), verdict="different", **told) == 200
    for person, own in ((here, HERE), (there, direct)):
        person.get(f"{address(own)}/pairs")
        assert "Là hai hồ sơ khác nhau" in person.told()
        assert told["reason"] in person.told(), "both read what was said, and why"
    assert act(here, HERE, "reopen_pair", other=str(direct), **told) == 200
    here.get(f"{address(HERE)}/pairs")
    assert act(here, HERE, "settle_pair", other=str(direct), verdict="same", **told) == 200
    assert sorted((state(small, HERE), state(small, direct))) == ["accepted", "merged"]
    entries_of = [row.actor for row in entries(small, "pair.settle")]
    assert set(entries_of) == {"person:mong-cai", "person:can-bo"}


def test_certificates_that_wait_are_registered_or_declined_on_a_page(small: Website) -> None:
    components, secret = small.components, holder_in(small.components)
    with changed(components.certificate_holders, approval=True):
        first, second = (
            components.certificate_holders.register(secret, brought(components, secret, party))
            for party in ("unregistered", "body")
        )
    officer = logged_in(small, "can-bo", "/can-bo/chung-thu-so")
    assert officer.told().index(first.serial) < officer.told().index(second.serial), "the oldest first"
    assert "chứng thư không nêu số nào" in officer.told()
    (shown,) = entries(small, JournalEvent.REGISTER_SHOWN)
    rows = sorted([first.id, second.id])
    assert (shown.actor, shown.detail["register"], shown.detail["rows"]) == ("person:can-bo", "certificates", rows)
    officer.send(f"/can-bo/chung-thu-so/{first.id}/dang-ky")
    assert "Đã đăng ký chứng thư số" in officer.told()
    assert first.serial not in officer.told()
    assert officer.send(f"/can-bo/chung-thu-so/{second.id}/tu-choi", reason=" ").status_code == 409
    officer.send(f"/can-bo/chung-thu-so/{second.id}/tu-choi", reason="Không nêu mã số thuế")
    assert "Đã từ chối" in officer.told()
    assert "Không có chứng thư số nào" in officer.told()
    assert officer.send(f"/can-bo/chung-thu-so/{second.id}/dang-ky").status_code == 409, "it waits no more"
    states = {row.serial: (row.state, row.reason, row.officer) for row in small.rows(tables.certificate)}
    assert states[first.serial] == ("active", None, "can-bo")
    assert states[second.serial] == ("declined", "Không nêu mã số thuế", "can-bo")
