"""The lookup for customs over real HTTP: what they see, of which office, and what the journal keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from adapter.gateways.store import tables
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.compose import AmendmentItem
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from tests.harness.declarations import declaration
from tests.harness.fixtures import load_cases, submission
from tests.harness.people import TESTER, anybody
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, Website, citizen_message, configure, website

LOOKUP = "/api/v1/lookup/dossiers"
SEARCH = "/api/v1/lookup/searches"
PAPER = "C1234567"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    opened = {"customs.procedures": ["BQP0100006", "BQP0100007"]}
    with website(configure(tmp_path_factory.mktemp("both"), standing_url, opened)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


def declare(site: Website) -> dict[str, Any]:
    """One citizen declares by the portal."""
    with site.declarant() as client:
        response = client.post(
            "/api/v1/declarations", content=citizen_message(), headers={"Content-Type": "application/xml"}
        )
    assert response.status_code == 202, response.text
    told: dict[str, Any] = response.json()
    return told


def by_the_window(site: Website, case_id: str) -> None:
    case = next(case for case in load_cases() if case.id == case_id)
    site.components.intake.receive([submission(case, shared_pki())])


def ask(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """By address where that may be, else by what is sent."""
    if set(asked) <= {"reference", "year", "confirmation"}:
        response = client.get(LOOKUP, params=asked)
    else:
        response = client.post(SEARCH, json=searched(**asked))
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["dossiers"]
    return found


def searched(**asked: Any) -> dict[str, Any]:
    """A paper by its number alone."""
    return {
        name: {"number": value} if name == "paper" and isinstance(value, str) else value
        for name, value in asked.items()
    }


def test_what_was_decided_directly_is_found_at_once_and_paper_may_be_asked(site: Website) -> None:
    told = declare(site)
    with site.customs() as client:
        (found,) = ask(client, reference=told["reference"], year=2026)
    assert found["reference"] == told["reference"]
    assert (found["procedure"], found["form"], found["state"]) == ("BQP0100002", "11", "accepted")
    assert found["title"]["vi"].startswith("Thủ tục biên phòng điện tử")
    assert (found["channel"], found["gate"], found["unit"]) == ("portal", "HUUNGHI", "CK-HUUNGHI")
    assert found["received_at"] == found["accepted_at"] == "2026-03-02T07:15:00+07:00"
    assert found["expected_crossing"] == "2026-03-02T11:00:00+07:00"
    assert (found["late"], found["version"], found["confirmation"]) == (False, 1, None)
    assert found["issued_through_window"] is False
    assert found["paper_may_be_asked"]["value"] is True
    assert "27/5/2022" in found["paper_may_be_asked"]["ground"]["vi"]


OFFICER = anybody("o-1", name="Thượng úy Thử Nghiệm")


class Customs:
    """Customs of every office, who ask for the one dossier there is."""

    def __init__(self, site: Website) -> None:
        self._site, (_, self._token) = (
            site,
            site.components.tokens.issue(Machine.CUSTOMS, "all", office="*", actor=TESTER),
        )

    def see(self) -> dict[str, Any]:
        (row,) = self._site.rows(tables.dossier)
        with self._site.staff(self._token) as client:
            (found,) = ask(client, reference=row.number, year=row.year)
        return found


def test_a_result_decided_outside_the_window_says_so_with_its_transfer_and_paper_may_be_asked(site: Website) -> None:
    """Letter of 27/5/2022, section 2: paper is spared for results issued through the window, and for no other."""
    told, customs = declare(site), Customs(site)
    site.components.completion.complete(DossierKey(told["reference"], 2026), OFFICER)
    before = customs.see()
    site.mark_transferred()
    after = customs.see()
    for found, transferred in ((before, "chưa chuyển dữ liệu"), (after, "đã chuyển dữ liệu")):
        assert (found["issued_through_window"], found["paper_may_be_asked"]["value"]) == (False, True)
        assert "ngoài Cơ chế một cửa" in found["paper_may_be_asked"]["ground"]["vi"]
        assert transferred in found["paper_may_be_asked"]["ground"]["vi"]


def test_paper_is_spared_for_a_confirmation_that_has_left_through_the_window_and_not_before(site: Website) -> None:
    by_the_window(site, "BQP0100002/accepted-entering")
    customs = Customs(site)
    accepted = customs.see()
    assert (accepted["paper_may_be_asked"]["value"], accepted["issued_through_window"]) == (True, False)
    assert "chưa có kết quả" in accepted["paper_may_be_asked"]["ground"]["vi"]
    site.mark_sent()
    assert customs.see()["paper_may_be_asked"]["value"] is True, "an acceptance is no result"
    (row,) = site.rows(tables.dossier)
    site.components.completion.complete(DossierKey(row.number, row.year), OFFICER)
    signed = customs.see()
    assert signed["paper_may_be_asked"]["value"] is True
    assert "chưa được gửi" in signed["paper_may_be_asked"]["ground"]["vi"]
    assert (signed["sent_at"], signed["completed_at"]) == (None, None)
    assert "chưa gửi cho người khai" in signed["result"]["vi"]
    site.mark_sent()
    sent = customs.see()
    assert (sent["paper_may_be_asked"]["value"], sent["issued_through_window"]) == (False, True)
    ground = sent["paper_may_be_asked"]["ground"]
    assert "27/5/2022" in ground["vi"]
    assert "doanh nghiệp" in ground["vi"]
    assert (sent["sent_at"] is not None, sent["completed_at"]) == (True, None)
    assert "chưa có thông tin người khai đã nhận" in sent["result"]["vi"]


def test_what_is_being_amended_names_the_confirmation_that_stands_and_paper_may_be_asked(site: Website) -> None:
    by_the_window(site, "BQP0100002/accepted-entering")
    customs = Customs(site)
    (row,) = site.rows(tables.dossier)
    key = DossierKey(row.number, row.year)
    site.components.completion.complete(key, OFFICER)
    site.mark_sent()
    number = customs.see()["confirmation"]["number"]
    site.components.amendments.request(key, OFFICER, reason="Sai số", items=[AmendmentItem("Số giấy tờ", "Khai lại")])
    found = customs.see()
    assert found["paper_may_be_asked"]["value"] is True
    standing = f"xác nhận số {number} của phiên bản 1 vẫn còn hiệu lực"
    assert standing in found["paper_may_be_asked"]["ground"]["vi"]
    assert standing in found["result"]["vi"]


def test_what_was_refused_has_no_result_and_paper_may_be_asked(site: Website) -> None:
    by_the_window(site, "BQP0100002/accepted-entering")
    customs = Customs(site)
    (row,) = site.rows(tables.dossier)
    site.components.completion.refuse(DossierKey(row.number, row.year), OFFICER, reason="thử")
    site.mark_sent()
    found = customs.see()
    assert found["paper_may_be_asked"]["value"] is True
    assert "bị từ chối" in found["paper_may_be_asked"]["ground"]["vi"]


def test_a_paper_of_a_version_that_was_replaced_says_by_which(site: Website) -> None:
    first = declaration(1)
    newer = declaration("newer", reference=first.reference, function="02", sent="2026-03-02 07:14:59", paper="C7654321")
    for message in (first, newer):
        received = site.components.legal_clock()
        site.components.intake.receive([Submission(message.raw, Channel.WINDOW, received, Digest(message.digest))])
    with site.customs("*") as client:
        (old,) = ask(client, paper=PAPER)
        (current,) = ask(client, paper="C7654321")
    assert (old["version"], old["replaced_by"]) == (2, 2)
    assert (current["version"], current["replaced_by"]) == (2, None)


def test_a_procedure_that_is_not_among_the_five_says_so_though_the_window_has_it(site: Website) -> None:
    by_the_window(site, "BQP0100007/accepted-arrival-with-passengers")
    (row,) = site.rows(tables.dossier)
    key = DossierKey(row.number, row.year)
    site.components.completion.accept(key, OFFICER)
    site.components.completion.complete(key, OFFICER)
    site.mark_sent()
    with site.customs("*") as client:
        (found,) = ask(client, reference=row.number, year=row.year)
    assert found["issued_through_window"] is True
    assert found["paper_may_be_asked"]["value"] is True
    assert "không thuộc 05 thủ tục" in found["paper_may_be_asked"]["ground"]["vi"]


def test_the_letter_names_five_procedures_and_no_other(site: Website) -> None:
    """Letter of 27/5/2022, section 1: groups, citizens, visas, and the amendments of both kinds of dossier."""
    spared = {
        code for code, versions in site.components.catalogue.procedures.items() if any(v.paperless for v in versions)
    }
    assert spared == {f"BQP010000{number}" for number in (1, 2, 3, 4, 5)}


def test_a_confirmation_is_shown_and_never_called_a_permission(site: Website) -> None:
    told = declare(site)
    site.components.completion.complete(
        DossierKey(told["reference"], 2026), anybody("o-1", name="Thượng úy Thử Nghiệm")
    )
    with site.customs() as client:
        (found,) = ask(client, paper=PAPER)
        (same,) = ask(client, confirmation=found["confirmation"]["number"])
        raw = client.get(found["reply"]["href"])
    assert same == found
    assert found["state"] == "confirmation_sent"
    assert "không phải cho phép qua cửa khẩu" in found["result"]["vi"]
    assert "no permission" in found["result"]["en"]
    assert found["confirmation"]["time"] == found["confirmed_at"] == found["sent_at"] == "2026-03-02T07:15:00+07:00"
    assert found["completed_at"] is None, "the declarant has not read it"
    assert found["reply"]["kind"] == "Completion"
    assert raw.headers["content-type"] == "application/xml"
    assert sha256(raw.content).hexdigest() == found["reply"]["digest"]
    (stored,) = [row for row in site.rows(tables.outbox) if row.kind == "Completion"]
    assert raw.content == stored.body
    assert stored.delivered_at is None  # customs are not the declarant


@pytest.mark.parametrize("spelling", [PAPER, "c1234567", "C 123-4567"])
def test_a_paper_number_is_found_however_it_is_spelled(site: Website, spelling: str) -> None:
    declare(site)
    with site.customs() as client:
        assert len(ask(client, paper=spelling)) == 1
        assert ask(client, paper="C1234568") == []
        assert client.post(SEARCH, json=searched(paper="--")).status_code == 422


@pytest.mark.parametrize("ship", ["9074729", "thu nghiem 01", "THỬ NGHIỆM 01", "VN3344VT", "vn-3344-vt", "XVAB1"])
def test_a_ship_is_found_by_imo_number_name_registration_or_call_sign(site: Website, ship: str) -> None:
    by_the_window(site, "BQP0100007/accepted-arrival-with-passengers")
    with site.customs("CANGHAIPHONG") as client:
        (found,) = ask(client, ship=ship)
        assert ask(client, ship="THU NGHIEM 02") == ask(client, plate=ship) == []
    assert (found["procedure"], found["gate"], found["state"]) == ("BQP0100007", "CANGHAIPHONG", "received")
    with site.customs("CANGSAIGON") as client:
        assert ask(client, ship=ship) == []
    asked = [row.detail for row in site.rows(tables.journal) if row.event == "lookup.dossiers"]
    assert [detail["hits"] for detail in asked if detail["kind"] == "ship"] == [1, 0, 0]
    assert ship not in json.dumps(asked, ensure_ascii=False)


@pytest.mark.parametrize("plate", ["3B-5678", "3b 5678", "3B9001"])
def test_a_vehicle_is_found_by_its_plate_or_its_trailer_s(site: Website, plate: str) -> None:
    by_the_window(site, "BQP0100006/accepted-truck-with-trailer-and-goods")
    with site.customs("*") as client:
        (found,) = ask(client, plate=plate)
        assert ask(client, plate="3B-9999") == ask(client, ship=plate) == []
    assert found["procedure"] == "BQP0100006"


def test_an_office_sees_its_own_gate_or_unit_only(site: Website) -> None:
    told = declare(site)
    for office, sees in (("HUUNGHI", 1), ("CK-HUUNGHI", 1), ("*", 1), ("MONGCAI", 0), ("HUU", 0)):
        with site.customs(office) as client:
            assert len(ask(client, paper=PAPER)) == sees, office
            assert len(ask(client, reference=told["reference"], year=2026)) == sees, office
            reply = client.get(f"{LOOKUP}/{told['reference']}/2026/reply")
            assert reply.status_code == (200 if sees else 404), office


def test_a_lookup_is_journalled_without_what_was_asked(site: Website) -> None:
    told = declare(site)
    before = len(site.rows(tables.journal))
    with site.customs() as client:
        ask(client, paper="c 1234567")
        ask(client, paper="Z0000000")
        client.get(f"{LOOKUP}/NONE/2026/reply")
    token = next(each.id for each in site.components.tokens.list() if each.role == Machine.CUSTOMS)
    entries = site.rows(tables.journal)
    assert len(entries) == before + 4  # the token's issue is journalled too
    asked = {row.event: row for row in entries if row.event.startswith("lookup") and row.detail["hits"] == 1}
    (entry,) = asked.values()
    assert (entry.event, entry.actor) == ("lookup.dossiers", f"token:{token}")
    assert entry.detail == {
        "office": "HUUNGHI",
        "kind": "paper",
        "value": sha256(PAPER.encode()).hexdigest(),
        "hits": 1,
        "dossiers": [told["reference"] + "/2026"],
        "persons": 0,
    }
    assert sum(row.event == "lookup.reply" for row in entries) == 1
    assert PAPER not in json.dumps([row.detail for row in entries])


def test_only_customs_look_up(site: Website) -> None:
    _, declarant = site.components.tokens.issue(Machine.DECLARANT, "at the staff's listener", CITIZEN, actor=TESTER)
    with site.staff(declarant) as client:
        refused = client.post(SEARCH, json=searched(paper=PAPER))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert not [row for row in site.rows(tables.journal) if row.event.startswith("lookup")]


def test_the_listener_for_the_internet_looks_nothing_up_whatever_the_token(site: Website) -> None:
    _, customs = site.components.tokens.issue(Machine.CUSTOMS, "at the portal", office="*", actor=TESTER)
    with site.client(customs) as client:
        for path in (LOOKUP, f"{LOOKUP}/BPTTHN20260000000/2026/reply"):
            assert client.get(path, params={"paper": PAPER}).status_code == 404
    assert not [row for row in site.rows(tables.journal) if row.event.startswith("lookup")]


def test_the_listener_of_staff_takes_no_declaration(site: Website) -> None:
    _, declarant = site.components.tokens.issue(Machine.DECLARANT, "at the staff's listener", CITIZEN, actor=TESTER)
    with site.staff(declarant) as client:
        assert client.post("/api/v1/declarations", content=citizen_message()).status_code == 404
        assert client.get("/ho-so").status_code == 404


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"reference": "A1"},
        {"year": "2026"},
        {"reference": "A1", "year": "26"},
        {"confirmation": "A1", "reference": "A1", "year": "2026"},
        {"reference": "A\x001", "year": "2026"},
        {"confirmation": ""},
    ],
)
def test_an_address_asks_by_a_number_with_its_year_or_by_a_confirmation(site: Website, params: dict[str, str]) -> None:
    with site.customs() as client:
        response = client.get(LOOKUP, params=params)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["paper", "plate", "tax_code", "ship", "after", "name"])
def test_what_was_asked_in_an_address_before_is_told_the_new_way(site: Website, name: str) -> None:
    with site.customs() as client:
        for beside in ({}, {"reference": "A1", "year": "2026"}):
            response = client.get(LOOKUP, params={name: "C1234567", **beside})
            assert response.status_code == 400
            assert SEARCH in response.json()["detail"]
            assert SEARCH in response.json()["vi"]
    assert not [row for row in site.rows(tables.journal) if row.event.startswith("lookup")]


@pytest.mark.parametrize(
    "asked",
    [
        {"number": "A1"},
        {"year": 2026},
        {"number": "A1", "year": 26},
        {"paper": {"number": "A1"}, "plate": "B2"},
        {"paper": {"number": "A1"}, "year": 2026},
        {"paper": {"number": "A" * 61}},
        {"paper": {"number": "A1", "nationality": "XX9"}},
        {"paper": {"number": "A1", "nationality": "QQQ"}},
        {"paper": {"number": "A\x00B"}},
        {"ship": ""},
        {"name": "AN"},
        {"name": "AN <script>"},
        {"party": "0100109107"},
        {"mrz": "P<VNM"},
        {"number": "A\x001", "year": 2026},
        {"first_day": "2026-03-01", "last_day": "2026-04-30"},
        {"first_day": "2026-03-01"},
        {"gate": "HUUNGHI"},
        {"plate": "A1", "first_day": "2026-03-02", "last_day": "2026-03-01"},
        {"plate": "A1", "state": "gone"},
        {"plate": "A1", "gate": "HUU\x00NGHI"},
        {"plate": "A1", "unit": "\x00"},
        {"plate": "A1", "purpose": "CONTROL"},
        {"plate": "A1", "cursor": "WyJhIl0"},
        {"plate": "A1", "unknown": "B"},
        {},
        [],
    ],
)
def test_a_search_that_cannot_be_meant_is_told_why_and_recorded_nowhere(site: Website, asked: Any) -> None:
    with site.customs() as client:
        response = client.post(SEARCH, json=asked)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["vi"]
    assert not [row for row in site.rows(tables.journal) if row.event.startswith("lookup")]


def test_a_search_is_json_of_a_bounded_length(site: Website) -> None:
    with site.customs() as client:
        assert client.post(SEARCH, content=b"paper=1").status_code == 415
        as_json = {"Content-Type": "application/json"}
        assert client.post(SEARCH, content=b" " * 9000, headers=as_json).status_code == 413
        assert client.post(SEARCH, content=iter([b"{}"]), headers=as_json).status_code == 411
        assert client.post(SEARCH, content=b"{", headers=as_json).status_code == 422


def test_a_value_that_nobody_has_is_simply_not_found(site: Website) -> None:
    with site.customs() as client:
        assert ask(client, paper="' OR 1=1 --") == []
        assert client.post(SEARCH, json=searched(paper="\U0001f600")).status_code == 422, "no letter and no digit"


def test_a_revoked_or_expired_customs_token_sees_nothing(site: Website) -> None:
    row_id, revoked = site.components.tokens.issue(Machine.CUSTOMS, "short", office="HUUNGHI", actor=TESTER)
    site.components.tokens.revoke(row_id, actor=TESTER)
    now = datetime.now().astimezone()
    _, expiring = site.components.tokens.issue(
        Machine.CUSTOMS, "soon", office="*", expires_at=now + timedelta(seconds=0.2), actor=TESTER
    )
    while datetime.now().astimezone() < now + timedelta(seconds=0.3):
        pass
    for token in (revoked, expiring):
        with site.staff(token) as client:
            assert client.post(SEARCH, json=searched(paper=PAPER)).status_code == 401
