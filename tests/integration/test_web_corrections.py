"""From a dossier's page: he answers the border guard, corrects and withdraws; and what strangers try there."""

from __future__ import annotations

import pytest

from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from adapter.services.door.reception import Caller
from tests.harness.browsing import Person
from tests.harness.declaring import entered
from tests.harness.history import OFFICER
from tests.harness.website import CITIZEN, Website, citizen_message
from tests.integration.test_web_declare import HOSTILE, press
from tests.servers.identity import IdentityProvider

PAPER = "/Envelope/Body/Content/CitizenDeclaration/Citizen/DocumentNumber"


def declared(site: Website, **changes: str) -> DossierKey:
    admitted = site.components.door.declare(citizen_message(**changes), Caller(CITIZEN))
    assert admitted.reference is not None
    assert admitted.year is not None
    return DossierKey(admitted.reference, admitted.year)


def asked(site: Website, key: DossierKey, wrong: str = "Số giấy tờ không khớp") -> None:
    item = AmendmentItem(wrong, "Khai lại theo hộ chiếu", None, PAPER)
    site.components.amendments.request(key, OFFICER, reason="Kiểm tra giấy tờ", items=[item])


def an(site: Website, key: DossierKey, who: str = "an") -> Person:
    """Somebody at the dossier's page."""
    return entered(site, who, f"/ho-so/{key.year}/{key.number}")


def opened(person: Person, key: DossierKey) -> None:
    """He opens what waits for him."""
    for _ in range(5):
        person.get(f"/ho-so/{key.year}/{key.number}")
        forms = person.document().xpath("//form[contains(@action, '/tra-loi/')]/@action")
        if not forms:
            return
        person.send(forms[0])


def test_he_reads_the_request_answers_it_and_sees_what_became_of_it(site: Website) -> None:
    key = declared(site)
    asked(site, key)
    person = an(site, key)
    assert "Số giấy tờ không khớp" not in person.told(), "not before he has opened it"
    opened(person, key)
    told = person.told()
    for text in ("Số giấy tờ không khớp", "Khai lại theo hộ chiếu", "C1234567", "Thời gian để bạn trả lời: còn 1 giờ"):
        assert text in told
    press(person, "Trả lời yêu cầu (sửa bản khai)")
    draft = person.at
    person.get(f"{draft}/muc/AmendmentDeclaration")
    press(person, "Lưu, khai tiếp sau", reason="Gõ nhầm")
    person.get(f"{draft}/muc/Citizen")
    press(person, "Lưu, khai tiếp sau", documentNumber="C7654321")
    person.get(f"{draft}/kiem-tra")
    told = person.told()
    assert "Những chỗ thay đổi" in told
    assert "C7654321" in told
    press(person, "Gửi bản sửa đổi, bổ sung")
    assert "Đã tiếp nhận bản khai" in person.told()
    person.get(f"/ho-so/{key.year}/{key.number}")
    assert "Bạn sửa đổi, bổ sung theo yêu cầu" in person.told()
    assert person.document().xpath("//button[normalize-space()='Trả lời yêu cầu (sửa bản khai)']") == []


def test_pressed_in_two_windows_it_is_one_draft(site: Website) -> None:
    key = declared(site)
    first, second = (an(site, key) for _ in range(2))
    for person in (first, second):
        press(person, "Thay thế bản khai")
    assert first.at == second.at
    assert len(site.rows(tables.draft)) == 1


def test_two_windows_that_correct_the_same_field_see_both_values(site: Website) -> None:
    key = declared(site)
    first, second = (an(site, key) for _ in range(2))
    for person in (first, second):
        press(person, "Thay thế bản khai")
        person.get(f"{person.at}/muc/Citizen")
    press(first, "Lưu, khai tiếp sau", documentNumber="C1111111")
    clash = press(second, "Lưu, khai tiếp sau", documentNumber="C2222222")
    assert clash.status_code == 409
    assert "C1111111" in second.told()
    assert "C2222222" in second.told()


def test_a_page_that_is_older_than_the_dossier_leads_back_to_it(site: Website) -> None:
    key = declared(site)
    person = an(site, key)
    site.components.completion.complete(key, OFFICER)
    site.mark_sent()
    press(person, "Thay thế bản khai")
    assert person.at.endswith(f"/ho-so/{key.year}/{key.number}")
    assert site.rows(tables.draft) == []


def test_another_persons_dossier_begins_no_draft(site: Website) -> None:
    key = declared(site)
    stranger = an(site, key, "binh")
    assert stranger.page is not None
    assert stranger.page.status_code == 404
    stranger.get("/khai-bao/tep")
    answer = stranger.send(f"/ho-so/{key.year}/{key.number}/sua", what="replacement")
    assert answer.status_code == 404
    assert site.rows(tables.draft) == []


def test_another_persons_draft_about_a_dossier_is_not_there(site: Website) -> None:
    key = declared(site)
    person = an(site, key)
    press(person, "Thay thế bản khai")
    stranger = an(site, key, "binh")
    for page in ("", "/muc/Citizen", "/kiem-tra", "/tep.xml"):
        assert stranger.get(f"{person.at}{page}").status_code == 404


@pytest.mark.parametrize("what", ["", "declaration", "heartbeat", "x", "amendment_requested", "withdrawal"])
def test_what_is_not_offered_begins_no_draft(site: Website, what: str) -> None:
    key = declared(site)
    person = an(site, key)
    answer = person.send(f"/ho-so/{key.year}/{key.number}/sua", what=what)
    assert answer.status_code in (200, 422)
    assert site.rows(tables.draft) == []


def test_a_form_of_another_site_begins_nothing(site: Website) -> None:
    key = declared(site)
    person = an(site, key)
    token = person.document().xpath("//input[@name='csrf']/@value")[0]
    address = f"/ho-so/{key.year}/{key.number}/sua"
    for given, headers in (
        ({"csrf": token}, {"Origin": "https://evil.invalid"}),
        ({"csrf": token}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf": "x"}, {"Origin": site.url}),
        ({}, {"Origin": site.url}),
    ):
        answer = person.ask("POST", address, data={**given, "what": "replacement"}, headers=headers)
        assert answer.status_code == 403
    assert site.rows(tables.draft) == []


def test_a_script_in_a_request_and_in_what_was_declared_stays_text(site: Website) -> None:
    key = declared(site, Purpose="&lt;script&gt;alert(1)&lt;/script&gt;")
    asked(site, key, wrong=HOSTILE)
    person = an(site, key)
    opened(person, key)
    assert person.page is not None
    assert HOSTILE in person.told()
    assert "<script>alert" not in person.page.text
    press(person, "Trả lời yêu cầu (sửa bản khai)")
    for page in ("/muc/AmendmentDeclaration", "/muc/Citizen", "/kiem-tra"):
        person.get(f"{person.at.split('/muc')[0].split('/kiem')[0]}{page}")
        assert "<script>alert" not in person.page.text


def test_who_has_logged_out_here_is_shown_the_way_out_at_the_provider(
    site: Website, provider: IdentityProvider
) -> None:
    person = an(site, declared(site))
    answer = person.send("/logout")
    assert answer.status_code == 200, (site.events[-3:], answer.text[:300])
    (leave,) = person.document().xpath("//main//a[contains(@href, 'client_id=')]/@href")
    assert leave.startswith(provider.issuer)
    answer = person.get(leave)
    assert answer.status_code == 200
    assert person.document().xpath("//form"), "the provider asks whether that is wanted"
