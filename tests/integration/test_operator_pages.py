"""Operators' pages: a night's work after a real log-in, and no value of a person anywhere without unmasking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from adapter.gateways.store.tables import journal, outbox
from adapter.model.identifiers import Digest
from adapter.model.stages import ANSWERED, LOCKED, Channel, Submission
from adapter.services.messages import replays
from adapter.services.replies.dispatch import Dispatch
from tests.harness.browsing import Person
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.outbound import Confirming
from tests.harness.people import TESTER
from tests.harness.staff import logged_in, staffed
from tests.harness.website import Website
from tests.servers.identity import IdentityProvider

SECRETS = ("C1234567", "001085012345")
PAGES = (
    "/van-hanh",
    *(
        f"/van-hanh/{name}"
        for name in ("thong-diep", "cach-ly", "hang-doi", "tien-trinh", "su-co", "so-lieu", "chung-thu")
    ),
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str, provider: IdentityProvider) -> Iterator[Website]:
    with staffed(tmp_path_factory.mktemp("both"), standing_url, provider) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.fixture
def message(site: Website) -> str:
    """A declaration by the window; gives our id of it."""
    made = declaration(1)
    (settled,) = site.components.intake.receive([Submission(made.raw, Channel.WINDOW, CLOCK, Digest(made.digest))])
    return settled.public_id


def answer(site: Website) -> str:
    return next(str(row.message_id) for row in site.rows(outbox) if row.copy_of is None)


def journalled(site: Website, event: str) -> list[object]:
    with site.components.database.reading() as connection:
        rows = connection.execute(select(journal.c.actor, journal.c.detail).where(journal.c.event == event))
        return [(row.actor, row.detail.get("reason")) for row in rows]


def test_each_page_opens_and_names_no_person(site: Website, message: str) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    for address in (*PAGES, f"/van-hanh/thong-diep/{message}", f"/van-hanh/tra-loi/{answer(site)}"):
        assert operator.get(address).status_code == 200, address
        for secret in SECRETS:
            assert secret not in operator.page.text, address


def test_a_message_is_found_by_its_dossier_unmasked_with_a_reason_and_journalled(site: Website, message: str) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    operator.get("/van-hanh/thong-diep?khoa=PROOF1/2026")
    assert f"/van-hanh/thong-diep/{message}" in operator.page.text
    operator.get(f"/van-hanh/thong-diep/{message}")
    operator.send(f"/van-hanh/thong-diep/{message}/hien", **{"ly-do": " "})
    assert operator.page.status_code == 422
    assert "C1234567" not in operator.page.text
    operator.send(f"/van-hanh/thong-diep/{message}/hien", **{"ly-do": "Cổng hỏi"})
    assert "C1234567" in operator.page.text
    assert journalled(site, "message.unmasked") == [("person:van-hanh", "Cổng hỏi")]


def test_a_message_shows_each_step_with_its_milliseconds(site: Website, message: str) -> None:
    steps = site.components.message_browser.show(message, actor=TESTER).steps
    assert [each.name for each in steps] == ["open", "verify", "validate", "read", "check", LOCKED, ANSWERED]
    assert all(each.ms >= 0 for each in steps)
    operator = logged_in(site, "van-hanh", f"/van-hanh/thong-diep/{message}")
    operator.get(f"/van-hanh/thong-diep/{message}")
    assert len(operator.document().xpath("//section[@aria-labelledby='steps']//tbody/tr")) == len(steps) + 1


def test_an_auditor_reads_and_neither_unmasks_nor_acts(site: Website, message: str) -> None:
    auditor = logged_in(site, "kiem-tra", "/van-hanh")
    for address in (*PAGES, f"/van-hanh/thong-diep/{message}"):
        assert auditor.get(address).status_code == 200, address
        assert auditor.document().xpath("//main//form[@method='post']") == []
    auditor.send(f"/van-hanh/thong-diep/{message}/hien", **{"ly-do": "x"})
    assert auditor.page.status_code == 403
    assert journalled(site, "message.unmasked") == []


@pytest.mark.parametrize("who", ["can-bo", "hai-quan", "quan-tri"])
def test_whoever_is_no_operator_sees_nothing_of_it(site: Website, message: str, who: str) -> None:
    other = logged_in(site, who, "/")
    for address in (*PAGES, f"/van-hanh/thong-diep/{message}", f"/van-hanh/tra-loi/{answer(site)}"):
        assert other.get(address).status_code == 403, address


def test_the_window_is_said_to_be_down_and_that_word_is_taken_back(site: Website) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    operator.get("/van-hanh")
    operator.send("/van-hanh/cong/down", **{"ly-do": "", "den": ""})
    assert operator.page.status_code == 422
    operator.send("/van-hanh/cong/down", **{"ly-do": "Điện thoại TCHQ", "den": ""})
    assert "Đã báo Cổng gặp sự cố" in operator.told()
    assert site.components.window.state().override_by == "person:van-hanh"
    operator.get("/van-hanh")
    assert "(người vận hành xác định)" in operator.told(), "the incident is named as people do"
    assert "override 2" not in operator.told()
    operator.get("/van-hanh/su-co")
    (report,) = operator.document().xpath("//tbody//a[contains(@href, '/van-hanh/su-co/')]/@href")
    assert operator.get(report).status_code == 200
    assert "Báo cáo sự cố từ" in operator.told()
    assert "override 2" not in operator.told()
    assert operator.send(f"{report}/bao-cao").content.startswith(b"PK"), "signed XML and page in one ZIP"
    operator.get(report)
    assert operator.send("/van-hanh/su-co/7777/bao-cao").status_code == 404
    assert operator.get(f"{report}/bao-cao.pdf").content.startswith(b"%PDF")
    assert len([row for row in site.rows(journal) if row.event == "incident.report"]) == 1
    operator.get("/van-hanh")
    operator.send("/van-hanh/cong/end")
    assert "Đã bỏ xác định" in operator.told()
    assert site.components.window.state().override_by is None
    assert journalled(site, "window.override") == [("person:van-hanh", "Điện thoại TCHQ")]


def test_poisoned_messages_stand_by_reason_and_are_judged_again_with_one_list_of_results(site: Website) -> None:
    for number, reason in ((1, "taken up 3 times"), (2, "taken up 3 times"), (3, "a defect")):
        made = declaration(number)
        site.components.intake.park(Submission(made.raw, Channel.WINDOW, CLOCK, Digest(made.digest)), reason)
    auditor, operator = (logged_in(site, who, "/van-hanh/cach-ly") for who in ("kiem-tra", "van-hanh"))
    assert auditor.document().xpath("//main//button") == []
    rows = operator.document().xpath("//main//table[1]/tbody/tr")
    shown = [" ".join(row.text_content().split()) for row in rows[:2]]
    assert shown == ["taken up 3 times2Xử lý lại 2", "a defect1Xử lý lại 1"]
    for secret in SECRETS:
        assert secret not in operator.page.text
    operator.get("/van-hanh/cach-ly?vi-sao=a%20defect")
    assert len(operator.document().xpath("//main//table[2]/tbody/tr")) == 1
    operator.send("/van-hanh/cach-ly", **{"vi-sao": "taken up 3 times"})
    assert "Đã xử lý lại 2 thông điệp" in operator.told()
    assert len(operator.document().xpath("//table[caption]/tbody/tr")) == 2
    assert [each.note for each in site.components.parked_messages.listed(actor=TESTER).messages] == ["a defect"]
    operator.send("/van-hanh/cach-ly", **{"tat-ca": "1"})
    assert "Không có thông điệp nào bị giữ" in operator.told()
    assert journalled(site, "quarantine.replay") == [("person:van-hanh", None)] * 3
    auditor.send("/van-hanh/cach-ly", **{"tat-ca": "1"})
    assert auditor.page.status_code == 403


def test_a_reason_behind_many_of_another_is_shown_with_all_of_its_messages_and_judged_again(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "AT_ONCE", 1)
    for number, reason in ((1, "taken up 3 times"), (2, "taken up 3 times"), (3, "a defect")):
        made = declaration(number)
        site.components.intake.park(Submission(made.raw, Channel.WINDOW, CLOCK, Digest(made.digest)), reason)
    listed = site.components.parked_messages.listed(actor=TESTER)
    assert [(each.reason, each.many) for each in listed.reasons] == [("taken up 3 times", 2), ("a defect", 1)]
    assert (len(listed.messages), listed.more) == (1, True)
    operator = logged_in(site, "van-hanh", "/van-hanh/cach-ly")
    operator.send("/van-hanh/cach-ly", **{"vi-sao": "a defect"})
    assert "Đã xử lý lại 1 thông điệp" in operator.told()
    assert [each.reason for each in site.components.parked_messages.listed(actor=TESTER).reasons] == [
        "taken up 3 times"
    ]


def test_an_end_that_cannot_be_meant_is_told_and_never_taken_for_none(site: Website) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    operator.get("/van-hanh")
    operator.send("/van-hanh/cong/down", **{"ly-do": "Điện thoại TCHQ", "den": "0226-03-02T23:00"})
    assert operator.page.status_code == 409
    assert "no day and hour" in operator.told()
    assert site.components.window.state().override_by is None


def test_what_is_not_possible_is_told_and_nothing_is_done(site: Website) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    operator.get("/van-hanh")
    operator.send("/van-hanh/cong/confirm", **{"ly-do": "Điện thoại"})
    assert operator.page.status_code == 409
    assert "nothing is suspected" in operator.told()


def test_an_answer_is_sent_again_once(site: Website, message: str) -> None:
    del message
    operator, here = logged_in(site, "van-hanh", "/van-hanh"), f"/van-hanh/tra-loi/{answer(site)}"
    operator.get(here)
    operator.send(f"{here}/gui-lai", **{"ly-do": "Cổng báo chưa nhận"})
    assert operator.page.status_code == 409, "it has not left"
    broker = Confirming()
    rounds = Dispatch(site.components.database, broker, lambda: CLOCK, site.components.observe, most_unconfirmed=9)
    rounds.round(transfers=True)
    rounds.round(transfers=True)
    operator.get(here)
    operator.send(f"{here}/gui-lai", **{"ly-do": "Cổng báo chưa nhận"})
    assert "Đã đưa vào hàng gửi lại" in operator.told()
    assert journalled(site, "reply.resend") == [("person:van-hanh", "Cổng báo chưa nhận")]


@pytest.mark.parametrize(
    "address", ["thong-diep/none", "tra-loi/none", "su-co/77", "thong-diep?sau=2026-13-01T00:00,1"]
)
def test_what_is_not_there_is_not_found(site: Website, address: str) -> None:
    assert _operator(site).get(f"/van-hanh/{address}").status_code == 404


def test_a_list_is_filtered_and_goes_on(site: Website, message: str) -> None:
    operator = _operator(site)
    operator.get("/van-hanh/thong-diep?ket-qua=accepted&kenh=window&tinh-trang=settled&tu=2026-03-01T00:00&den=&ma=")
    assert message in operator.page.text
    operator.get("/van-hanh/thong-diep?ket-qua=rejected&ma=BQP")
    assert message not in operator.page.text


def _operator(site: Website) -> Person:
    return logged_in(site, "van-hanh", "/van-hanh")
