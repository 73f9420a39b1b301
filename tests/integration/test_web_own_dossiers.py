"""A declarant's dossiers at the portal: who sees which, what he is shown, and that pressing alone is receipt in law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from adapter.gateways.store import replies, tables
from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from adapter.services.dossiers.answer_places import AnswerPlaces
from adapter.services.watch.mode import Sight
from tests.harness.browsing import Person
from tests.harness.fixtures import CLOCK, load_cases, submission
from tests.harness.history import ITEMS, OFFICER, dossier_of
from tests.harness.own_dossiers import DECLARATIONS, XML, address, by_the_window, declared, parties, somebody
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, OTHER, Website, citizen_message, configure, website
from tests.servers.identity import IdentityProvider
from tests.servers.process import free_ports

STRANGER = "001077000001"


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
    with website(configure(folder, f"sqlite:///{folder / 'adapter.db'}")) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """On SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def unopened(person: Person) -> list[str]:
    return [str(each) for each in person.document().xpath("//form[contains(@action, '/tra-loi/')]/@action")]


def delivered(site: Website, kind: str = "Completion") -> list[object]:
    return [row.delivered_at for row in site.rows(tables.outbox) if row.kind == kind and row.copy_of is None]


def test_he_opens_the_confirmation_by_pressing_and_has_it_from_then_on(site: Website) -> None:
    key = declared(site)
    site.components.completion.complete(key, OFFICER)
    person = somebody(site, CITIZEN)
    person.get("/ho-so")
    assert key.number in person.told()
    assert "2 trả lời chờ bạn mở" in person.told()
    person.get(address(key))
    assert "Đã có xác nhận" in person.told()
    assert delivered(site) == [None], "looking is no receipt"
    opening = unopened(person)[0]
    person.send(opening)
    assert person.page.status_code == 200
    assert person.document().xpath("//h1")[0].text_content() == "Xác nhận hoàn thành khai báo"
    assert "không phải cho phép qua cửa khẩu" in person.told()
    assert "không phải mẫu chính thức" in person.told()
    assert delivered(site) != [None]
    first = delivered(site)
    person.send(opening)
    assert delivered(site) == first, "the first time counts"
    person.get(address(key))
    assert "Đã xác nhận hoàn thành" in person.told()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_follows_a_link_ahead_opens_nothing(small: Website, method: str) -> None:
    """Mail scanners, previews, prefetch."""
    key = declared(small)
    small.components.completion.complete(key, OFFICER)
    person = somebody(small, CITIZEN)
    person.get(address(key))
    for opening in unopened(person):
        for each in (opening, f"{opening}.xml"):
            assert person.ask(method, each).status_code in (404, 405)
    assert delivered(small) == [None]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_a_program_has_an_answer_in_law_by_fetching_it_and_in_no_other_way(small: Website, method: str) -> None:
    with small.declarant() as client:
        sent = client.post(DECLARATIONS, content=citizen_message(), headers=XML).json()
        here = f"{DECLARATIONS}/{sent['id']}"
        (row,) = (row for row in small.rows(tables.outbox) if row.kind == "Acceptance" and row.route == "portal")
        address = f"{here}/replies/{row.digest}"
        for each in (here, address):
            assert client.request(method, each).status_code == 405
        assert delivered(small, "Acceptance") == [None]
        assert client.get(address).status_code == 200
    assert delivered(small, "Acceptance") != [None]


def test_a_page_to_print_is_of_what_he_has_opened_and_is_no_receipt(small: Website) -> None:
    key = declared(small)
    small.components.completion.complete(key, OFFICER)
    person = somebody(small, CITIZEN)
    person.get(address(key))
    opening = unopened(person)[0]
    for method in ("GET", "HEAD"):
        assert person.ask(method, f"{opening}.pdf").status_code in (404, 405)
    assert delivered(small) == [None]
    person.get(address(key))
    person.send(opening)
    response = person.get(f"{opening}.pdf")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
    assert response.content.startswith(b"%PDF-")
    assert response.headers["content-disposition"].startswith("attachment; filename=")
    assert response.headers["cache-control"] == "private, no-store"
    stranger = somebody(small, STRANGER)
    assert stranger.get(f"{opening}.pdf").status_code == 404


def test_the_signed_xml_is_the_exact_bytes(small: Website) -> None:
    key = declared(small)
    person = somebody(small, CITIZEN)
    person.get(address(key))
    (opening,) = unopened(person)
    person.send(opening)
    response = person.get(f"{opening}.xml")
    (row,) = [row for row in small.rows(tables.outbox) if row.kind == "Acceptance"]
    assert response.content == bytes(row.body)
    assert response.headers["content-disposition"].startswith("attachment; filename=")
    assert response.headers["cache-control"] == "private, no-store"


def test_a_dossier_of_the_window_is_his_as_well(site: Website) -> None:
    key = by_the_window(site)
    for number in parties(site, key):
        person = somebody(site, number) if len(number) == 12 else somebody(site, CITIZEN, number)
        person.get("/ho-so")
        assert key.number in person.told()
        assert person.get(address(key)).status_code == 200


def test_another_persons_dossier_is_not_there(site: Website) -> None:
    key, person = by_the_window(site), somebody(site, STRANGER)
    person.get("/ho-so")
    assert key.number not in person.told()
    own = somebody(site, parties(site, key)[0])
    own.get(address(key))
    for each in (address(key), *unopened(own)):
        assert person.get(each).status_code == 404
    person.get("/ho-so")
    for opening in unopened(own):
        assert person.send(opening).status_code == 404
    assert set(delivered(site, "Acceptance")) == {None}


def test_a_person_who_is_merely_listed_sees_nothing(small: Website) -> None:
    key = by_the_window(small)
    listed = {each["values"].get("personalNumber") for each in _rows(small)} - set(parties(small, key)) - {None}
    for number in listed or {"001085099999"}:
        assert somebody(small, number).get(address(key)).status_code == 404


def _rows(site: Website) -> list[dict[str, dict[str, str]]]:
    return [{"values": row.values} for row in site.rows(tables.declaration_row)]


def test_who_is_authorised_sees_it_as_long_as_he_is(site: Website) -> None:
    key = by_the_window(site)
    principal = next(each for each in parties(site, key) if len(each) != 12)
    letter = site.components.authorisations.grant(STRANGER, principal, "UQ-1", actor=TESTER)
    person = somebody(site, STRANGER)
    assert person.get(address(key)).status_code == 200
    site.components.authorisations.revoke(letter, reason="Chấm dứt", actor=TESTER)
    assert person.get(address(key)).status_code == 404


def test_while_the_window_works_an_answer_is_shown_when_the_broker_has_it(site: Website) -> None:
    """Opened earlier it would go as a transfer, though it was to leave by the window."""
    key = by_the_window(site)
    person = somebody(site, parties(site, key)[0])
    site.window(Sight.UP)
    person.get(address(key))
    assert unopened(person) == []
    site.mark_sent()
    person.get(address(key))
    assert len(unopened(person)) == 1
    site.window(Sight.DOWN)
    site.components.completion.complete(key, OFFICER)
    person.get(address(key))
    assert len(unopened(person)) == 2, "in an incident he gets it here"


@pytest.mark.parametrize("window_first", [True, False])
def test_of_the_windows_99_and_his_press_the_earlier_is_the_receipt(small: Website, window_first: bool) -> None:
    key = by_the_window(small)
    small.mark_sent()
    person = somebody(small, parties(small, key)[0])
    (row,) = (row for row in small.rows(tables.outbox) if row.kind == "Acceptance")

    def receipt() -> None:
        at = CLOCK + timedelta(minutes=-5 if window_first else 5)
        with small.components.database.transaction() as connection:
            replies.mark_answered(connection, row.id, "receipt", at)

    if window_first:
        receipt()
    person.get(address(key))
    for opening in unopened(person):
        person.send(opening)
    if not window_first:
        receipt()
    assert delivered(small, "Acceptance") == [CLOCK - timedelta(minutes=5) if window_first else CLOCK]


def test_a_request_that_was_withdrawn_before_he_opened_it_begins_no_hour(small: Website) -> None:
    """Article 11(3)(b): nothing is asked of him any more, so nothing runs and nothing is said to run."""
    key = declared(small)
    small.components.amendments.request(key, OFFICER, reason="Sai số giấy tờ", items=ITEMS)
    small.components.amendments.withdraw(key, OFFICER, reason="Đã đối chiếu bản gốc")
    person = somebody(small, CITIZEN)
    person.get(address(key))
    assert "Biên phòng đã rút yêu cầu này" in person.told()
    assert "Đã đối chiếu bản gốc" in person.told()
    for each in unopened(person):
        person.get(address(key))
        person.send(each)
    small.components.deadlines.watch()
    person.get(address(key))
    assert "Bạn sửa đổi, bổ sung" not in person.document().xpath("//dt/text()")


def test_a_request_names_its_fields_as_the_form_does_and_the_path_is_for_programs(small: Website) -> None:
    form = "/Envelope/Body/Content/CitizenDeclaration"
    fields = {
        f"{form}/Citizen/DocumentNumber": "Số giấy tờ",
        f"{form}/Children/Child[2]/FullName": "Trẻ em đi cùng, dòng 2: Họ và tên",
        "/Envelope/Header/Subject/reference": None,
    }
    key = declared(small)
    items = [AmendmentItem("Sai", "Khai lại", "11", each) for each in fields]
    small.components.amendments.request(key, OFFICER, reason="Cần sửa", items=items)
    person = somebody(small, CITIZEN)
    person.get(address(key))
    *_, opening = sorted(unopened(person), key=lambda each: each.endswith(_digest(small, "AmendmentRequest")))
    person.send(opening)
    shown = [
        each.text_content()
        for each in person.document().xpath("//dd[preceding-sibling::dt[1][.=$label]]", label="Mục của bản khai")
    ]
    assert shown == [f"{label}{path}" for path, label in fields.items() if label]
    assert [each.text for each in person.document().xpath("//dd/small")] == [path for path in fields if fields[path]]
    assert "/Envelope/Header/Subject/reference" in person.told(), "what is no field stays as it was signed"
    printed = PdfReader(BytesIO(person.get(f"{opening}.pdf").content))
    told = " ".join(" ".join(page.extract_text() for page in printed.pages).split())
    for label in filter(None, fields.values()):
        assert label in told, "on paper too"


def test_a_finding_stands_at_its_field_for_its_declarant_and_for_the_officer(small: Website) -> None:
    with small.declarant() as client:
        sent = client.post(DECLARATIONS, content=citizen_message(ExpiryDate="2020-01-01"), headers=XML).json()
    key = DossierKey(sent["reference"], sent["year"])
    person = somebody(small, CITIZEN)
    person.get(address(key))
    found = person.document().xpath("//ul[@class='findings']/li/strong")
    assert {each.text_content() for each in found} == {"Ngày hết hạn:"}
    (message,) = small.components.case_files.open(key, TESTER).messages
    assert {each.place.vi if each.place else None for each in message.findings} == {"Ngày hết hạn"}


def _digest(site: Website, kind: str) -> str:
    (row,) = (row for row in site.rows(tables.outbox) if row.kind == kind and row.copy_of is None)
    return str(row.digest)


@pytest.mark.parametrize(
    ("below", "label"),
    [
        ("CitizenDeclaration/Gate", "Cửa khẩu"),
        ("CitizenDeclaration/Children/Child[3]", "Trẻ em đi cùng, dòng 3"),
        ("CitizenDeclaration/Children", "Trẻ em đi cùng"),
        ("AmendmentDeclaration/Replacement/CitizenDeclaration/Citizen/DateOfBirth", "Ngày sinh"),
        ("AmendmentDeclaration/Reason", "Lý do sửa đổi, bổ sung"),
        ("CitizenDeclaration/Nowhere", None),
        ("GroupDeclaration/GroupName", None),
        ("", None),
    ],
)
def test_a_place_is_called_as_its_form_calls_it(small: Website, below: str, label: str | None) -> None:
    places = AnswerPlaces(small.components.catalogue, small.components.schema_by_name)
    found = places.of("BQP0100002", [CLOCK.date()])(f"/Envelope/Body/Content/{below}")
    assert (found.vi if found else None) == label


def test_the_duty_to_confirm_a_visa_is_told_to_run_from_what_is_complete_and_valid(small: Website) -> None:
    """Article 16(2); the declarant's own hour is another limit, beside it."""
    case = next(each for each in load_cases() if each.id == "BQP0100004/asked-total-differs-from-rows")
    small.components.intake.receive([submission(case, shared_pki())])
    key = dossier_of(case.message)
    person = somebody(small, parties(small, key)[0])
    person.get(address(key))
    limits = [
        " ".join(each.text_content().split()) for each in person.document().xpath("//section//dt | //section//dd")
    ]
    told = dict(zip(limits[::2], limits[1::2], strict=True))
    assert told["Biên phòng xác nhận"] == "tính từ khi có bản khai đầy đủ, hợp lệ"
    assert told["Bạn sửa đổi, bổ sung"] == "tính từ khi bạn nhận được yêu cầu"


@pytest.fixture(scope="module")
def entering(tmp_path_factory: pytest.TempPathFactory, other_standing_url: str) -> Iterator[Website]:
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("entering")
    provider = IdentityProvider(folder / "provider", f"http://127.0.0.1:{port}")
    with website(configure(folder, other_standing_url, provider.settings()), port) as served:
        served.window(Sight.UP)
        yield served


@pytest.fixture
def entered(entering: Website) -> Website:
    """A portal at which people can log in. The provider is never asked: sessions are begun without it."""
    return entering.as_it_was()


def duty(site: Website) -> tuple[str | None, bool]:
    """How the duty to confirm ended, and whether the confirmation has left by the window."""
    (row,) = (each for each in site.rows(tables.deadline) if each.kind == "confirm_within")
    (reply,) = (each for each in site.rows(tables.outbox) if each.kind == "Completion")
    return row.why, reply.sent_at is not None


def test_in_an_incident_of_the_window_a_confirmation_is_sent_when_it_can_be_read_here(entered: Website) -> None:
    """Articles 9(2), 10(1)(b): the portal is the way then, for a dossier that came by the window too."""
    key = by_the_window(entered)
    entered.window(Sight.DOWN)
    entered.components.completion.complete(key, OFFICER)
    assert duty(entered) == ("answered", False)
    person = somebody(entered, parties(entered, key)[0])
    person.get(address(key))
    assert "Đã có xác nhận" in person.told()


def test_what_waited_for_the_window_when_its_incident_began_is_sent_from_then_on(entered: Website) -> None:
    key = by_the_window(entered)
    entered.components.completion.complete(key, OFFICER)
    assert duty(entered) == (None, False), "while the window works, its broker's word is wanted"
    entered.window(Sight.DOWN)
    assert duty(entered) == ("answered", False)


def test_what_could_be_read_here_and_was_opened_reaches_the_window_in_a_transfer(entered: Website) -> None:
    """NĐ 85/2019 Article 17(5): in exactly one way, though it could be read before it was opened."""
    key = by_the_window(entered)
    entered.mark_sent()
    entered.components.completion.complete(key, OFFICER)
    entered.window(Sight.DOWN)
    (sent_at,) = (row.readable_at for row in entered.rows(tables.outbox) if row.kind == "Completion")
    person = somebody(entered, parties(entered, key)[0])
    person.get(address(key))
    person.send(unopened(person)[0])
    assert entered.components.settling.settle() == 1
    (reply,) = (row for row in entered.rows(tables.outbox) if row.kind == "Completion")
    assert (reply.route, reply.readable_at) == ("portal", sent_at), "it was sent when it could be read"
    assert [row.kind for row in entered.rows(tables.outbox) if row.route == "transfer"] == ["Transfer"]


def test_where_nobody_can_log_in_an_incident_sends_nothing(site: Website) -> None:
    key = by_the_window(site)
    site.components.completion.complete(key, OFFICER)
    assert duty(site) == (None, False)


def test_the_hour_of_a_request_runs_from_when_he_opens_it(small: Website) -> None:
    key = declared(small)
    small.components.amendments.request(key, OFFICER, reason="Sai số giấy tờ", items=ITEMS)
    person = somebody(small, CITIZEN)
    person.get(address(key))
    assert "tính từ khi bạn nhận được yêu cầu" in person.told()
    person.send(unopened(person)[0])
    assert "Sai số giấy tờ" in person.told()
    person.get(address(key))
    assert "còn 1 giờ" in person.told(), "at once: no clock has to look first"
    assert "Chờ bổ sung" in person.told()


def test_who_has_not_logged_in_goes_to_log_in_and_back(small: Website) -> None:
    response = Person(small.url).get("/ho-so/2026/ABC?x=1", follow=False)
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=/ho-so/2026/ABC%3Fx%3D1")
    assert response.headers["cache-control"] == "private, no-store"


def test_a_page_of_his_is_kept_nowhere(small: Website) -> None:
    key, person = declared(small), somebody(small, CITIZEN)
    for each in ("/", "/ho-so", address(key), "/ho-so/2026/NOTHING"):
        assert person.get(each).headers["cache-control"] == "private, no-store", each


def test_who_was_named_in_an_earlier_version_only_sees_it_no_more(small: Website) -> None:
    key = declared(small)
    with small.components.database.transaction() as connection:
        connection.execute(tables.dossier.update().values(identities=[OTHER]))
    person = somebody(small, CITIZEN)
    person.get("/ho-so")
    assert key.number not in person.told()
    assert person.get(address(key)).status_code == 404


def test_a_list_goes_on_page_by_page(small: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.services.dossiers.own.PAGE", 2)
    with small.declarant() as client:
        for number in range(3):
            message = citizen_message(
                messageId=f"11111111-1111-4111-8111-11111111111{number}", Purpose=f"Việc {number}"
            )
            assert client.post(DECLARATIONS, content=message, headers=XML).status_code == 202
    person, seen = somebody(small, CITIZEN), []
    person.get("/ho-so")
    while True:
        seen += person.document().xpath("//tbody//th/a/text()")
        older = person.document().xpath("//main//a[contains(@href, 'after=')]/@href")
        if not older:
            break
        person.get(older[0])
    assert sorted(seen) == sorted(row.number for row in small.rows(tables.dossier))
    assert len(seen) == len(set(seen)) == 3


def test_a_printed_confirmation_is_checked_by_number_and_code_without_log_in(site: Website) -> None:
    key = declared(site)
    site.components.completion.complete(key, OFFICER)
    person, anybody = somebody(site, CITIZEN), Person(site.url)
    person.get(address(key))
    person.send(unopened(person)[0])
    (code,) = person.document().xpath("//dt[text()='Mã kiểm tra']/following-sibling::dd[1]/text()")
    (row,) = site.rows(tables.confirmation)
    asked = {"so": row.number.lower(), "ma": code}
    anybody.ask("GET", "/xac-minh", params=asked)
    assert "Đúng là xác nhận do Biên phòng ký" in anybody.told()
    assert [each for each in (CITIZEN, key.number, "NGUYEN VAN AN") if each in anybody.page.text] == []
    for wrong in ({"ma": "0" * 16}, {"ma": code[:-1]}, {"so": "XN1"}, {"ma": "ể" * 16}):
        anybody.ask("GET", "/xac-minh", params=asked | wrong)
        assert "Không có xác nhận như vậy" in anybody.told(), wrong
