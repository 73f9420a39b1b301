"""The operators' button for a failure of the portal: one question, everything made, journalled; whom to call."""

from __future__ import annotations

import io
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from adapter.gateways.store import tables
from adapter.model.errors import Unavailable
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from tests.harness.browsing import Person
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.staff import logged_in, staffed
from tests.harness.website import Website, changed
from tests.servers.identity import IdentityProvider
from tests.servers.process import wait_until
from tests.servers.smtp import MailBox, mail_box, mail_server, mail_settings

HERE = "/van-hanh/cong-hong"


@pytest.fixture(scope="module")
def box() -> MailBox:
    return mail_box()


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, box: MailBox, other_provider: IdentityProvider
) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("failing")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider, **mail_settings(box)) as served:
        sent = declaration("FA1", reference="FA1", gate="HUUNGHI", signer="portal")
        served.components.intake.receive([Submission(sent.raw, Channel.PORTAL, CLOCK, Digest(sent.digest))])
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    """Nothing was announced yet, and the list of whom to call is written."""
    failure = standing.components.portal_failure
    for folder in (failure.folder.folder, failure.pages):
        shutil.rmtree(folder, ignore_errors=True)
    standing.as_it_was().components.call_list.write()
    return standing


def announced(site: Website, **more: str) -> Person:
    person = logged_in(site, "van-hanh", HERE)
    answer = person.send(HERE, **{"ly-do": "Hỏng máy chủ.", "ly-do-en": "A server has failed.", **more})
    assert answer.status_code == 200, person.told()
    return person


def journalled(site: Website) -> list[tuple[str, str]]:
    rows = site.rows(tables.journal)
    return [(row.event, row.actor) for row in rows if row.event.startswith("portal.")]


def pdf_text(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


def test_one_button_makes_everything_and_is_journalled_under_his_name(site: Website, box: MailBox) -> None:
    with mail_server(box):
        person = announced(site, thu="1")
        sent = wait_until(lambda: "đã gửi: 1" in (person.get(HERE), person.told())[1], seconds=60)
        assert sent, "the e-mail leaves behind the answer"
    assert "Đã báo Cổng biên phòng gặp sự cố" in person.told()
    pages = site.components.portal_failure.pages
    assert "Hỏng máy chủ." in (pages / "index.html").read_text(encoding="utf-8")
    assert "A server has failed." in (pages / "en.html").read_text(encoding="utf-8")
    assert journalled(site) == [("portal.failed", "person:van-hanh")]
    (letter,) = box.letters
    assert "bản khai giấy" in letter.get_content()


def test_the_letters_are_pdf_for_the_signature_and_for_the_ministry(site: Website) -> None:
    person = announced(site)
    notice = person.get(f"{HERE}/tep/thong-bao.pdf")
    assert notice.headers["content-type"] == "application/pdf"
    told = pdf_text(notice.content)
    for part in ("THÔNG BÁO về sự cố", "khoản 4 Điều 10", "Hỏng máy chủ.", "A server has failed.", "ký, ghi rõ họ tên"):
        assert part in told
    ministry = pdf_text(person.get(f"{HERE}/tep/cong-bo-quoc-phong.pdf").content)
    assert "ký, ghi rõ họ tên" not in ministry, "it is published, not signed"
    assert person.get(f"{HERE}/tep/thong-bao.txt").status_code == 200
    for name in ("danh-sach-goi.csv", "thu.json", "su-co.json", "khac.pdf"):
        assert person.get(f"{HERE}/tep/{name}").status_code == 404, name
    files = [each for each in site.components.portal_failure.folder.folder.rglob("*") if each.is_file()]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_without_a_layout_the_letters_are_texts_and_nothing_waits(site: Website) -> None:
    gone = replace(site.components.portal_failure.layouts, folder=Path("/nonexistent"))  # type: ignore[type-var]
    with changed(site.components.portal_failure, layouts=gone):
        person = announced(site)
    assert person.get(f"{HERE}/tep/thong-bao.txt").status_code == 200
    assert person.get(f"{HERE}/tep/thong-bao.pdf").status_code == 404


def test_a_reason_is_asked_for_and_what_was_typed_stays(site: Website) -> None:
    person = logged_in(site, "van-hanh", HERE)
    assert person.send(HERE, **{"ly-do": " ", "den": "2026-03-02T12:00"}).status_code == 422
    assert person.document().xpath("//input[@name='den']/@value") == ["2026-03-02T12:00"]
    assert person.send(HERE, **{"ly-do": "Hỏng", "den": "2020-03-02T12:00"}).status_code == 409
    assert journalled(site) == []


def test_before_a_failure_is_announced_the_list_names_nobody_and_nobody_is_journalled(site: Website) -> None:
    person = logged_in(site, "van-hanh", f"{HERE}/goi")
    (contact,) = site.components.portal_failure.folder.contacts().contacts  # type: ignore[union-attr]
    assert contact.name
    assert contact.telephones
    for value in (contact.name, *contact.telephones, *contact.emails):
        assert value not in person.page.text  # type: ignore[union-attr]
    assert contact.dossier in person.told()
    assert journalled(site) == []


def test_calls_are_made_from_the_list_and_their_results_stand_on_it(site: Website) -> None:
    person = announced(site)
    person.get(f"{HERE}/goi")
    (contact,) = site.components.portal_failure.folder.contacts().contacts  # type: ignore[union-attr]
    (number,) = person.document().xpath("//a[starts-with(@href, 'tel:') and ancestor::table]/text()")
    assert (str(number),) == contact.telephones
    assert "cũ" in person.told()
    sent = {"ho-so": contact.dossier, "ket-qua": "reached", "ghi-chu": "chị An nghe máy"}
    assert person.send(f"{HERE}/goi", **sent).status_code == 200
    assert "đã thông báo" in person.told()
    assert "chị An nghe máy" in person.told()
    shown = [each for each in journalled(site) if each[0] == "portal.call_list_shown"]
    assert len(shown) == 2
    assert journalled(site).count(("portal.call_noted", "person:van-hanh")) == 1
    assert "chị An" not in str([row.detail for row in site.rows(tables.journal)])
    assert person.send(f"{HERE}/goi", **sent | {"ket-qua": "x"}).status_code == 400


def test_who_is_expected_next_stands_first_and_a_long_list_has_pages(site: Website) -> None:
    folder, at = site.components.portal_failure.folder, site.components.portal_failure.clock()
    listed = folder.contacts()
    assert listed is not None
    times = {"passed": timedelta(days=-9), "late": timedelta(hours=-2), "next": timedelta(hours=1)}
    named = {name: at + passed for name, passed in reversed(times.items())} | {"unknown": None}
    later = {f"K{number}": at + timedelta(days=1, minutes=number) for number in reversed(range(250))}
    made = (
        listed.contacts[0].model_copy(update={"dossier": name, "crossing_at": crossing})
        for name, crossing in (named | later).items()
    )
    folder.keep_contacts(listed.model_copy(update={"contacts": tuple(made)}))
    person = announced(site)
    assert "254 hồ sơ" in person.told()
    person.get(f"{HERE}/goi")
    shown = _dossiers(person)
    assert shown[:3] == ["late", "next", "K0"]
    for before in (100, 200):
        assert person.document().xpath("//main//a[contains(@href, 'sau=')]/@href") == [f"{HERE}/goi?sau={before}"]
        person.get(f"{HERE}/goi?sau={before}")
        shown += _dossiers(person)
    assert not person.document().xpath("//main//a[contains(@href, 'sau=')]")
    assert len(shown) == len(set(shown)) == 254
    assert shown[2:-2] == [f"K{number}" for number in range(250)]
    assert shown[-2:] == ["unknown", "passed"]
    person.send(f"{HERE}/goi", **{"ho-so": "passed", "ket-qua": "reached", "ghi-chu": "", "sau": "200"})
    assert _dossiers(person)[-1] == "passed", "he stays on the page where he noted the call"


def _dossiers(person: Person) -> list[str]:
    return [str(each) for each in person.document().xpath("//td[3]/div/text()[1]")]


def test_the_state_of_a_failure_does_not_read_the_list_of_people(site: Website) -> None:
    file = site.components.portal_failure.folder.folder / "danh-sach-lien-he.json"
    file.write_text("not whole")
    assert "1 hồ sơ" in logged_in(site, "van-hanh", HERE).told()


def test_what_was_announced_stands_in_the_question_and_is_changed(site: Website) -> None:
    person = announced(site, tu="2026-03-02T06:00")
    (since,) = person.document().xpath("//input[@name='tu']/@value")
    assert since == "02/03/2026 06:00"
    changed_to = {"ly-do": "Mất điện.", "tu": str(since), "den": "2026-03-02T12:00"}
    assert person.send(HERE, **changed_to).status_code == 200
    (failure,) = site.components.portal_failure.folder.failures()
    assert (failure.reason_vi, failure.number, failure.over_at) == ("Mất điện.", 1, None)


def test_its_end_is_told_once(site: Website) -> None:
    person = announced(site, tu="2026-03-02T06:00")
    assert person.send(f"{HERE}/het").status_code == 200
    assert "Không có sự cố nào đang mở" in person.told()
    assert person.send(f"{HERE}/het").status_code == 409
    assert [event for event, _ in journalled(site)] == ["portal.failed", "portal.works"]


def test_an_act_that_the_journal_could_not_take_is_taken_there_by_the_clock(site: Website) -> None:
    components = site.components

    def away() -> int:
        raise Unavailable("the store is away")

    with changed(components.failure_acts, journal=type("Away", (), {"write": staticmethod(away)})()):
        announced(site)
    assert journalled(site) == []
    assert "Hỏng máy chủ." in (components.portal_failure.pages / "index.html").read_text(encoding="utf-8")
    keeper = components.call_list_keeper()
    assert keeper is not None
    keeper.keep()
    components.failure_journal.write()
    assert journalled(site) == [("portal.failed", "person:van-hanh")], "once"


@pytest.mark.parametrize("who", ["can-bo", "kiem-tra", "hai-quan", "quan-tri"])
def test_whoever_is_no_operator_announces_nothing(site: Website, who: str) -> None:
    person = logged_in(site, who, "/")
    for below in ("", "/goi", "/tep/thong-bao.pdf"):
        assert person.get(HERE + below).status_code == 403
    for below in ("", "/het", "/thu", "/goi"):
        assert person.send(HERE + below, **{"ly-do": "x"}).status_code == 403
    assert site.components.portal_failure.folder.failures() == ()


def test_command_and_button_do_not_send_at_the_same_time(site: Website, box: MailBox) -> None:
    announced(site)
    failure, before = site.components.portal_failure, len(box.letters)
    with mail_server(box), failure.folder.alone("thu"):
        assert site.components.failure_acts.post is not None
        assert site.components.failure_acts.post() == {}
        assert len(box.letters) == before
    with mail_server(box):
        assert site.components.failure_acts.post() == {"taken": 1}
