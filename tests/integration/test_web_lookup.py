"""The lookup for customs over real HTTP: what they see, of which office, and what the journal keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.gateways import tables
from adapter.model.identifiers import DossierKey
from adapter.services.desk import Officer
from adapter.services.tokens import Role
from adapter.services.window import Mode
from tests.harness.fixtures import load_cases, submission
from tests.harness.pki import shared_pki
from tests.harness.website import Website, citizen_message, configure, website

LOOKUP = "/api/v1/lookup/dossiers"
PAPER = "C1234567"


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Website]:
    with website(configure(tmp_path, database_url)) as served:
        served.window(Mode.DOWN)
        yield served


def declare(site: Website) -> dict[str, Any]:
    """One citizen declares by the second door."""
    with site.declarant() as client:
        response = client.post(
            "/api/v1/declarations", content=citizen_message(), headers={"Content-Type": "application/xml"}
        )
    assert response.status_code == 202, response.text
    told: dict[str, Any] = response.json()
    return told


def by_the_window(site: Website, case_id: str) -> None:
    case = next(case for case in load_cases() if case.id == case_id)
    site.house.intake.receive([submission(case, shared_pki())])


def ask(client: httpx.Client, **params: str | int) -> list[dict[str, Any]]:
    response = client.get(LOOKUP, params=params)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["dossiers"]
    return found


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


def test_once_it_is_transferred_paper_may_no_more_be_asked(site: Website) -> None:
    told = declare(site)
    site.mark_transferred()
    with site.customs() as client:
        (found,) = ask(client, reference=told["reference"], year=2026)
    assert found["issued_through_window"] is True
    assert found["paper_may_be_asked"]["value"] is False
    assert "Công văn TCHQ ngày 27/5/2022, mục 2" in found["paper_may_be_asked"]["ground"]["vi"]


def test_what_came_by_the_window_was_issued_through_it(site: Website) -> None:
    by_the_window(site, "BQP0100002/accepted-entering")
    (row,) = site.rows(tables.dossier)
    with site.customs("*") as client:
        (waiting,) = ask(client, reference=row.number, year=row.year)
        site.mark_sent()
        (found,) = ask(client, reference=row.number, year=row.year)
    assert waiting["issued_through_window"] is False, "it waits in the outbox"
    assert "chưa được cấp" in waiting["paper_may_be_asked"]["ground"]["vi"]
    assert (found["channel"], found["issued_through_window"]) == ("window", True)
    assert found["paper_may_be_asked"]["value"] is False


def test_a_procedure_that_is_not_among_the_five_says_so_though_the_window_has_it(site: Website) -> None:
    by_the_window(site, "BQP0100007/accepted-arrival-with-passengers")
    (row,) = site.rows(tables.dossier)
    site.house.completion.accept(DossierKey(row.number, row.year), Officer("o-1", "Thượng úy Thử Nghiệm"))
    site.mark_sent()
    with site.customs("*") as client:
        (found,) = ask(client, reference=row.number, year=row.year)
    assert found["issued_through_window"] is True
    assert found["paper_may_be_asked"]["value"] is True
    assert "không thuộc năm thủ tục" in found["paper_may_be_asked"]["ground"]["vi"]


def test_the_letter_names_five_procedures_and_no_other(site: Website) -> None:
    """Letter of 27/5/2022, section 1: groups, citizens, visas, and the amendments of both kinds of dossier."""
    spared = {code for code, versions in site.house.catalogue.procedures.items() if any(v.paperless for v in versions)}
    assert spared == {f"BQP010000{number}" for number in (1, 2, 3, 4, 5)}


def test_a_confirmation_is_shown_and_never_called_a_permission(site: Website) -> None:
    told = declare(site)
    site.house.completion.complete(DossierKey(told["reference"], 2026), Officer("o-1", "Thượng úy Thử Nghiệm"))
    with site.customs() as client:
        (found,) = ask(client, paper=PAPER)
        (same,) = ask(client, confirmation=found["confirmation"]["number"])
        raw = client.get(found["reply"]["href"])
    assert same == found
    assert found["state"] == "completed"
    assert "không phải cho phép qua cửa khẩu" in found["result"]["vi"]
    assert "no permission" in found["result"]["en"]
    assert found["confirmation"]["time"] == found["completed_at"] == "2026-03-02T07:15:00+07:00"
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
        assert ask(client, paper="--") == []


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
    declare(site)
    before = len(site.rows(tables.journal))
    with site.customs() as client:
        ask(client, paper="c 1234567")
        ask(client, paper="Z0000000")
        client.get(f"{LOOKUP}/NONE/2026/reply")
    token = next(each.id for each in site.house.tokens.list() if each.role is Role.CUSTOMS)
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
    }
    assert sum(row.event == "lookup.reply" for row in entries) == 1
    assert PAPER not in json.dumps([row.detail for row in entries])


def test_only_customs_look_up(site: Website) -> None:
    with site.declarant() as client:
        refused = client.get(LOOKUP, params={"paper": PAPER})
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert not [row for row in site.rows(tables.journal) if row.event.startswith("lookup")]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"reference": "A1"},
        {"year": "2026"},
        {"reference": "A1", "year": "26"},
        {"paper": "A1", "plate": "B2"},
        {"paper": "A1", "year": "2026"},
        {"reference": "A\x001", "year": "2026"},
        {"paper": "A" * 61},
        {"plate": "A1", "ship": "B2"},
        {"ship": ""},
    ],
)
def test_a_question_is_asked_by_exactly_one_key(site: Website, params: dict[str, str]) -> None:
    with site.customs() as client:
        response = client.get(LOOKUP, params=params)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_a_value_that_no_database_holds_is_simply_not_found(site: Website) -> None:
    with site.customs() as client:
        for value in ("A\x00B", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "' OR 1=1 --"):
            assert ask(client, paper=value) == []


def test_a_revoked_or_expired_customs_token_sees_nothing(site: Website) -> None:
    row_id, revoked = site.house.tokens.issue(Role.CUSTOMS, "short", office="HUUNGHI")
    site.house.tokens.revoke(row_id)
    now = datetime.now().astimezone()
    _, expiring = site.house.tokens.issue(Role.CUSTOMS, "soon", office="*", expires_at=now + timedelta(seconds=0.2))
    while datetime.now().astimezone() < now + timedelta(seconds=0.3):
        pass
    for token in (revoked, expiring):
        with site.client(token) as client:
            assert client.get(LOOKUP, params={"paper": PAPER}).status_code == 401
