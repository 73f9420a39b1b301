"""The portal over real HTTP, on both databases, with no broker: who may declare, when, and what it gives."""

from __future__ import annotations

import gzip
import json
import socket
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from adapter.bootstrap import now
from adapter.gateways.store import tables
from adapter.gateways.store.journal_proof import prove
from adapter.gateways.store.own_numbers import check_character
from adapter.model.actor import OFFICE_ROLES, STAFF_ROLES
from adapter.model.errors import Misconfigured
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.people import Facts
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness import configuration
from tests.harness.history import ITEMS
from tests.harness.people import TESTER, anybody
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified
from tests.harness.website import (
    BODY_BYTES,
    CITIZEN,
    ENTERPRISE,
    OTHER,
    Website,
    amendment_message,
    citizen_message,
    configure,
    group_message,
    portal_only,
    website,
)
from tests.servers.process import wait_until

DECLARATIONS = "/api/v1/declarations"
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    """A door that is open: the window is down by the operator's word."""
    return both.as_it_was()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("standing")
    with website(configure(folder, f"sqlite:///{folder / 'adapter.db'}")) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """The same on SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def post(client: httpx.Client, message: bytes, **headers: str) -> httpx.Response:
    return client.post(DECLARATIONS, content=message, headers={**XML, **headers})


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "vi"} <= body.keys()
    return body


def test_a_declaration_without_number_is_taken_in_under_one_of_our_own(site: Website) -> None:
    with site.declarant() as client:
        response = post(client, citizen_message())
        assert response.status_code == 202, response.text
        told = response.json()
        assert told["outcome"] == "accepted"
        assert told["state"] == "accepted"
        assert told["year"] == 2026
        assert told["reference"].startswith("BPTTHN2026")
        assert check_character(told["reference"][:-1]) == told["reference"][-1]
        assert response.headers["location"] == f"{DECLARATIONS}/{told['id']}"
        read = client.get(response.headers["location"]).json()
    assert (read["state"], read["reference"], read["findings"]) == ("accepted", told["reference"], [])
    assert [reply["kind"] for reply in read["replies"]] == ["Acceptance"]


def test_what_is_stored_is_the_declarants_body_sealed_by_the_portal(site: Website) -> None:
    message = citizen_message()
    with site.declarant() as client:
        assert post(client, message).status_code == 202
    (row,) = site.rows(tables.inbox)
    stored, sent = etree.fromstring(row.raw), etree.fromstring(message)
    assert _canonical(stored.find("Body")) == _canonical(sent.find("Body"))
    assert stored.findtext("Header/From/name") == "CONG-TTBPDT"
    assert stored.findtext("Header/To/unitCode") == "CK-HUUNGHI"
    assert (row.channel, row.bound_to, row.sender) == ("portal", CITIZEN, f"portal:{CITIZEN}")
    assert [signer["role"] for signer in row.signers] == ["portal"]
    for path in ("Header/Subject", "Body/Content/CitizenDeclaration/Citizen/FullName"):
        assert stored.find(path).sourceline == sent.find(path).sourceline


def _canonical(element: Any) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


@pytest.mark.parametrize("form", list(SignatureForm))
def test_a_declarants_signature_survives_the_door(small: Website, form: SignatureForm) -> None:
    message = sign_message(
        group_message(),
        system=None,
        declarant=shared_pki().party("enterprise"),
        form=form,
        qualified=qualified(shared_pki()),
    )
    with small.declarant(ENTERPRISE) as client:
        told = post(client, message).json()
    assert told["outcome"] == "accepted", told
    (row,) = small.rows(tables.inbox)
    assert [signer["role"] for signer in row.signers] == ["portal", "declarant"]


def test_a_retry_gets_the_same_place_number_and_bytes(site: Website) -> None:
    message = citizen_message()
    with site.declarant() as client:
        first, second = post(client, message), post(client, message)
        assert (second.status_code, second.json()) == (202, first.json())
        assert second.headers["location"] == first.headers["location"]
        reads = [client.get(first.headers["location"]).json() for _ in range(2)]
    assert reads[0]["replies"] == reads[1]["replies"]
    assert len(reads[0]["replies"]) == 1
    assert len(site.rows(tables.dossier)) == len(site.rows(tables.contingency)) == 1


def test_a_message_without_id_is_the_same_message_when_it_is_sent_again(site: Website) -> None:
    message = citizen_message(messageId="")
    with site.declarant() as client:
        first, second = post(client, message), post(client, message)
        other = post(client, citizen_message(messageId="", Purpose="Du lịch"))
    assert first.json()["outcome"] == "accepted"
    assert first.json() == second.json()
    assert other.json()["reference"] != first.json()["reference"]


def test_what_fails_its_signature_has_one_place_too(site: Website) -> None:
    """Nothing of it is verified, so it is known by its bytes: the seal must come out the same again."""
    message = sign_message(group_message(), system=None, declarant=shared_pki().party("enterprise"))
    broken = message.replace(b"<GroupName>", b"<GroupName>X", 1)
    with site.declarant(ENTERPRISE) as client:
        first, second = post(client, broken), post(client, broken)
        assert first.json()["outcome"] == "rejected"
        assert second.headers["location"] == first.headers["location"]
        read = client.get(first.headers["location"]).json()
    assert read["state"] == "rejected"
    assert read["findings"][0]["code"].startswith("BQP4")
    assert [reply["kind"] for reply in read["replies"]] == ["Errors"]
    assert len(site.rows(tables.inbox)) == 1


def test_a_retry_is_answered_after_the_window_is_back(site: Website) -> None:
    message = citizen_message()
    with site.declarant() as client:
        first = post(client, message)
        site.window(Sight.UP)
        again = post(client, message)
        problem(post(client, citizen_message(messageId="11111111-1111-4111-8111-111111111111")), 409)
    assert again.headers["location"] == first.headers["location"]


def test_an_id_that_is_known_up_to_a_comment_does_not_open_a_closed_door(small: Website) -> None:
    with small.declarant() as client:
        assert post(client, citizen_message(messageId="A-1")).status_code == 202
        small.window(Sight.UP)
        problem(post(client, citizen_message(messageId="A-1<!-- -->2")), 409)
        again = post(client, citizen_message(messageId="A<!-- -->-1"))
    assert len(small.rows(tables.inbox)) == 1, again.text


@pytest.mark.parametrize("name", ["documentType", "type", "function"])
def test_what_stands_behind_a_comment_in_the_header_counts_at_the_door_too(small: Website, name: str) -> None:
    """Nothing is taken in under a value that is cut at a comment."""
    message = citizen_message().replace(f"</{name}>".encode(), f"<!-- -->; DROP</{name}>".encode())
    with small.declarant() as client:
        told = problem(post(client, message), 422)
    assert told["findings"], told
    assert small.rows(tables.inbox) == small.rows(tables.contingency) == []


def test_an_id_used_again_for_other_content_is_rejected(site: Website) -> None:
    with site.declarant() as client:
        first, other = post(client, citizen_message()), post(client, citizen_message(Purpose="Du lịch"))
        read = client.get(other.headers["location"]).json()
    assert other.json()["outcome"] == "rejected"
    assert other.headers["location"] != first.headers["location"]
    assert other.json()["reference"] == first.json()["reference"]
    assert read["findings"]


def test_the_same_message_ten_times_at_once_is_one_dossier(site: Website) -> None:
    message = citizen_message()
    with site.declarant() as client, ThreadPoolExecutor(10) as pool:
        responses = list(pool.map(lambda _: post(client, message), range(10)))
    assert {response.status_code for response in responses} == {202}
    assert len({response.text for response in responses}) == 1
    assert len(site.rows(tables.dossier)) == 1


def test_many_at_once_get_numbers_of_their_own(site: Website) -> None:
    messages = [citizen_message(messageId=f"many-{number}") for number in range(12)]
    with site.declarant() as client, ThreadPoolExecutor(6) as pool:
        told = [response.json() for response in pool.map(lambda message: post(client, message), messages)]
    assert {each["outcome"] for each in told} == {"accepted"}
    assert len({each["reference"] for each in told}) == 12


def test_the_door_is_closed_while_the_window_works_and_says_where_to_go(site: Website) -> None:
    site.window(Sight.UP)
    with site.declarant() as client:
        told = problem(post(client, citizen_message()), 409)
        state = client.get("/api/v1/window").json()
    portal = site.components.settings.window.answer_portal
    assert portal in told["detail"]
    assert portal in told["vi"]
    assert (state["mode"], state["second_door"], state["declare_at"]) == ("up", False, portal)
    assert site.rows(tables.inbox) == site.rows(tables.contingency) == []


def test_a_declarant_is_told_when_the_window_should_work_again(small: Website) -> None:
    end = small.components.window.clock().astimezone(VIETNAM).replace(microsecond=0) + timedelta(hours=3)
    with small.declarant() as client:
        assert client.get("/api/v1/window").json()["expected_end"] is None
        small.components.window.override(Sight.DOWN, reason="Điện thoại", actor=TESTER, expected_end=end)
        told = client.get("/api/v1/window").json()
        assert (told["mode"], told["second_door"], told["expected_end"]) == ("down", True, end.isoformat())
        small.window(Sight.UP)
        assert client.get("/api/v1/window").json()["expected_end"] is None, "the window works"
    small.window(Sight.DOWN)


def test_the_door_stays_shut_while_nobody_knows_whether_the_window_works(small: Website) -> None:
    small.components.window.end_override(actor=TESTER)
    with small.declarant() as client:
        response = post(client, citizen_message())
    problem(response, 503)
    assert int(response.headers["retry-after"]) > 0


def test_a_procedure_that_the_window_does_not_carry_always_enters_and_is_never_transferred(
    tmp_path: Path, database_url: str
) -> None:
    with website(configure(tmp_path, database_url, portal_only(tmp_path))) as site:
        site.window(Sight.UP)
        with site.declarant() as client:
            assert post(client, citizen_message()).json()["outcome"] == "accepted"
        assert [row.route for row in site.rows(tables.outbox)] == ["portal"]


def test_a_dossier_that_the_window_does_not_carry_is_amended_here_while_the_window_works(
    tmp_path: Path, database_url: str
) -> None:
    """Form 14 is on the window for others: what it amends decides, at the door and when it is confirmed."""
    with website(configure(tmp_path, database_url, portal_only(tmp_path))) as site:
        site.window(Sight.UP)
        officer = anybody("o-1", name="Thượng úy Thử Nghiệm")
        with site.declarant() as client:
            told = post(client, citizen_message()).json()
            key = DossierKey(told["reference"], told["year"])
            site.components.amendments.request(key, officer, reason="Sai số giấy tờ", items=ITEMS)
            (asked,) = site.rows(tables.amendment_request)
            answer = post(client, amendment_message(key, asked.number))
            assert answer.json()["outcome"] == "accepted", answer.text
        site.components.completion.complete(key, officer)
        assert {row.route for row in site.rows(tables.outbox)} == {"portal"}


def test_a_dossier_that_the_window_carries_is_not_amended_here_while_the_window_works(site: Website) -> None:
    with site.declarant() as client:
        told = post(client, citizen_message()).json()
        site.window(Sight.UP)
        answer = post(client, amendment_message(DossierKey(told["reference"], told["year"]), "SD0000"))
    assert problem(answer, 409)["type"].endswith("door-closed")


def test_what_was_decided_directly_waits_in_the_outbox_as_a_transfer(site: Website) -> None:
    with site.declarant() as client:
        told = post(client, citizen_message()).json()
        site.components.completion.complete(
            DossierKey(told["reference"], told["year"]), anybody("o-1", name="Thượng úy Thử Nghiệm")
        )
        again = post(client, citizen_message()).json()
        read = client.get(f"{DECLARATIONS}/{told['id']}").json()
    assert again["state"] == "confirmation_sent", "he can read it and has not"
    transfers = [row for row in site.rows(tables.outbox) if row.route == "transfer"]
    assert len(transfers) == 2
    assert {(row.type, row.function, row.sent_at) for row in transfers} == {("40", "01", None)}
    assert read["state"] == "completed"
    assert [reply["kind"] for reply in read["replies"]] == ["Acceptance", "Completion"]
    carried = b"".join(row.body for row in transfers)
    for reply in read["replies"]:
        assert reply["digest"].encode() in carried


def test_a_reply_is_given_as_the_bytes_that_were_signed_and_its_first_read_is_its_delivery(site: Website) -> None:
    with site.declarant() as client:
        place = post(client, citizen_message()).headers["location"]
        (stored,) = [row for row in site.rows(tables.outbox) if row.route == "portal"]
        assert stored.delivered_at is None
        (reply,) = client.get(place).json()["replies"]
        raw = client.get(reply["href"])
        missing = client.get(f"{place}/replies/{'0' * 64}")
    assert raw.headers["content-type"] == "application/xml"
    assert raw.content == b64decode(reply["base64"]) == stored.body
    assert sha256(raw.content).hexdigest() == reply["digest"]
    problem(missing, 404)
    (after,) = [row for row in site.rows(tables.outbox) if row.route == "portal"]
    assert after.delivered_at is not None


def test_another_persons_declaration_is_refused_at_the_door(site: Website) -> None:
    with site.declarant(OTHER) as client:
        told = problem(post(client, citizen_message()), 403)
        again = problem(post(client, citizen_message()), 403)
    assert told["findings"][0]["code"] == "BQP309"
    assert again == told
    assert site.rows(tables.dossier) == []


def test_another_person_cannot_read_and_is_not_told_that_there_is_something(site: Website) -> None:
    with site.declarant() as client:
        place = post(client, citizen_message()).headers["location"]
        digest = client.get(place).json()["replies"][0]["digest"]
    with site.declarant(OTHER) as stranger:
        hidden = problem(stranger.get(place), 404)
        nothing = problem(stranger.get(f"{DECLARATIONS}/00000000-0000-5000-8000-000000000000"), 404)
        problem(stranger.get(f"{place}/replies/{digest}"), 404)
    assert hidden == nothing


def test_nobody_replaces_the_dossier_of_another(site: Website) -> None:
    with site.declarant() as client:
        number = post(client, citizen_message()).json()["reference"]
    theirs = citizen_message(reference=number, function="02", messageId="other-1").replace(
        CITIZEN.encode(), OTHER.encode()
    )
    invented = citizen_message(reference=number[:-1] + "X", messageId="other-2").replace(
        CITIZEN.encode(), OTHER.encode()
    )
    with site.declarant(OTHER) as stranger:
        problem(post(stranger, theirs), 403)
        told = problem(post(stranger, invented), 403)
    assert told["findings"][0]["code"] == "BQP206"
    (dossier,) = site.rows(tables.dossier)
    assert (dossier.version, dossier.identities) == (1, [CITIZEN])


def test_a_declarant_does_not_take_a_number_that_the_window_may_give_to_another(site: Website) -> None:
    with site.declarant() as client:
        told = problem(post(client, citizen_message(reference="BQP2026999999", messageId="squat")), 403)
    assert told["type"].endswith("number-of-another")
    assert site.rows(tables.dossier) == []


def test_the_declarant_replaces_his_own_by_its_number_and_is_told_the_state(site: Website) -> None:
    """Until the confirmation can be read a newer version is taken."""
    with site.declarant() as client:
        number = post(client, citizen_message()).json()["reference"]
        told = post(client, citizen_message(reference=number, preReference=number, function="02", messageId="own-2"))
        read = client.get(told.headers["location"]).json()
    assert (told.status_code, told.json()["outcome"], read["state"]) == (202, "accepted", "accepted")


def test_while_the_window_is_suspected_the_door_says_when_to_come_again(site: Website) -> None:
    window = site.components.window
    site.window(Sight.UP)
    window.end_override(actor=TESTER)
    gone = replace(window, patience=replace(window.patience, broker_down_s=0))
    gone.refresh(broker_up=False, started_at=gone.clock())
    with site.declarant() as client:
        answer = post(client, citizen_message())
        told = client.get("/api/v1/window").json()
    assert problem(answer, 503)["type"].endswith("window-suspected")
    assert 0 < int(answer.headers["retry-after"]) <= site.components.settings.window.suspect_s
    assert (told["mode"], told["stage"], told["second_door"]) == ("unknown", "suspect", False)
    assert site.rows(tables.inbox) == []


def test_a_token_that_is_missing_unknown_or_revoked_opens_nothing(site: Website) -> None:
    row_id, plain = site.components.tokens.issue(Machine.DECLARANT, "to be revoked", CITIZEN, actor=TESTER)
    with site.client() as client:
        for authorization in ({}, {"Authorization": "Bearer nsw_" + "A" * 43}, {"Authorization": "Basic YTpi"}):
            response = client.post(DECLARATIONS, content=citizen_message(), headers={**XML, **authorization})
            problem(response, 401)
            assert response.headers["www-authenticate"].startswith("Bearer")
    with site.client(plain) as client:
        assert client.get("/api/v1/window").status_code == 200
        site.components.tokens.revoke(row_id, actor=TESTER)
        problem(post(client, citizen_message()), 401)
    assert site.rows(tables.inbox) == []


def test_only_declarants_declare(small: Website) -> None:
    small.components.people.add("hoa", Facts("LE THI HOA", tuple(STAFF_ROLES - OFFICE_ROLES)), actor=TESTER)
    with small.client(small.components.tokens.issue_to_person("hoa", "hoa", actor=TESTER)[1]) as client:
        problem(post(client, citizen_message()), 403)
        assert client.get("/api/v1/window").status_code == 200
    _, customs = small.components.tokens.issue(Machine.CUSTOMS, "customs at the portal", office="*", actor=TESTER)
    with small.client(customs) as client:
        problem(post(client, citizen_message()), 403)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"", 422),
        (b"no xml", 422),
        (b"<Envelope/>", 422),
        (b"<Envelope><Header/></Envelope>", 422),
        (b'<!DOCTYPE Envelope [<!ENTITY a "a">]><Envelope><Header/><Body/></Envelope>', 422),
        (citizen_message().replace(b"UTF-8", b"UTF-16"), 422),
        (citizen_message().decode().encode("utf-16"), 422),
        (citizen_message().decode().replace('encoding="UTF-8"', "").encode("latin-1", "replace") + b"\xff", 422),
        (citizen_message(documentType="BQP0199999"), 422),
        (citizen_message(function="77"), 422),
        (citizen_message(messageId="x" * 37), 422),
        (citizen_message(documentType="BQP0100000", type="90"), 422),
        (citizen_message(type="20", function="99"), 422),
        (citizen_message(function="99"), 422),
    ],
)
def test_what_cannot_be_opened_is_refused_and_draws_no_number(small: Website, message: bytes, status: int) -> None:
    with small.declarant() as client:
        told = problem(post(client, message), status)
    assert told.get("findings") or told["type"].endswith("not-a-declaration")
    assert small.rows(tables.inbox) == small.rows(tables.contingency) == []


def test_a_message_that_is_sealed_already_is_refused(small: Website) -> None:
    sealed = sign_message(citizen_message(), system=shared_pki().party("portal"), declarant=None)
    with small.declarant() as client:
        assert problem(post(client, sealed), 400)["type"].endswith("already-sealed")
    assert small.rows(tables.inbox) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "application/xml; charset=utf-16"},
        {"Content-Type": "text/xml; charset=iso-8859-1"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "identity, gzip"},
    ],
)
def test_other_media_types_charsets_and_encodings_are_refused(small: Website, headers: dict[str, str]) -> None:
    with small.declarant() as client:
        problem(post(client, gzip.compress(b"<Envelope>" * 100_000), **headers), 415)


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=UTF-8", 'application/xml; charset="utf-8"'])
def test_xml_in_utf_8_is_welcome_however_it_is_said(small: Website, kind: str) -> None:
    with small.declarant() as client:
        assert post(client, citizen_message(), **{"Content-Type": kind}).status_code == 202


def test_too_large_a_body_is_refused_by_its_length_and_while_it_streams(small: Website) -> None:
    with small.declarant() as client:
        problem(post(client, b" " * (BODY_BYTES + 1)), 413)
        problem(client.post(DECLARATIONS, content=(b" " * 60_000 for _ in range(4)), headers=XML), 413)


def test_an_endless_body_is_cut_off(small: Website) -> None:
    token = small.components.tokens.issue(Machine.DECLARANT, "endless", CITIZEN, actor=TESTER)[1]
    host, port = httpx.URL(small.url).host, httpx.URL(small.url).port
    head = f"POST {DECLARATIONS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: text/xml\r\n"
    sent = 0
    with socket.create_connection((host, port or 80), timeout=60) as link:
        link.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 100 * BODY_BYTES:
                link.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                sent += 0x10000
        except OSError:
            pass
        assert sent < 100 * BODY_BYTES


def test_every_error_is_a_problem_and_every_answer_is_kept_out_of_caches(small: Website) -> None:
    with small.declarant() as client:
        problem(client.get("/api/v1/nothing"), 404)
        response = client.delete(DECLARATIONS)
        problem(response, 405)
        assert "POST" in response.headers["allow"]
        problem(client.get(f"{DECLARATIONS}/no-uuid"), 422)
        for answer in (response, client.get("/healthz"), client.get("/api/openapi.json"), client.get("/docs")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "no-store" in answer.headers["cache-control"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "server" not in answer.headers


def test_a_defect_of_ours_is_a_problem_without_its_story(small: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: Any) -> Any:
        raise RuntimeError("NGUYEN VAN AN")

    monkeypatch.setattr("adapter.gateways.store.lookups.message", defect)
    with small.declarant() as client:
        response = client.get(f"{DECLARATIONS}/00000000-0000-5000-8000-000000000000")
    problem(response, 500)
    assert "NGUYEN" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    told = [fields for event, fields in small.events if event is Event.REQUEST_FAILED]
    assert "RuntimeError at" in told[0]["reason"]
    assert "NGUYEN" not in str(small.events)


def test_a_request_is_told_to_the_log_once_without_its_values(small: Website) -> None:
    with small.customs() as client:
        client.post("/api/v1/lookup/searches", json={"paper": {"number": "C1234567"}})

    def requests() -> list[dict[str, Any]]:
        return [fields for event, fields in small.events if event is Event.REQUEST]

    assert wait_until(lambda: bool(requests()), seconds=120), "the answer leaves before it is told"
    told = requests()
    assert [(each["method"], each["route"], each["status"]) for each in told] == [
        ("POST", "/api/v1/lookup/searches", 200)
    ]
    assert "C1234567" not in str(small.events)


def test_without_its_database_it_is_alive_but_not_ready(tmp_path: Path, sqlite_url: str) -> None:
    with website(configure(tmp_path, sqlite_url)) as site, site.declarant() as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        site.components.database.close()
        Path(sqlite_url.removeprefix("sqlite:///")).rename(tmp_path / "gone")
        Path(sqlite_url.removeprefix("sqlite:///")).mkdir()
        assert client.get("/healthz").status_code == 200
        assert "database" in problem(client.get("/readyz"), 503)["detail"]
        response = client.get("/api/v1/window")
        problem(response, 503)
        assert "retry-after" in response.headers


OF_PORTAL = {
    ("/api/v1/declarations", "post"),
    ("/api/v1/declarations/dry-run", "post"),
    ("/api/v1/declarations/{id}", "get"),
    ("/api/v1/declarations/{id}/replies/{digest}", "get"),
    ("/api/v1/dossiers/{year}/{number}/files/{digest}", "get"),
    ("/api/v1/files", "post"),
    ("/api/v1/window", "get"),
}
OF_STAFF = {
    ("/api/v1/lookup/searches", "post"),
    ("/api/v1/lookup/dossiers", "get"),
    ("/api/v1/lookup/dossiers/{number}/{year}/reply", "get"),
    ("/api/v1/lookup/dossiers/{number}/{year}/reply.pdf", "get"),
}


@pytest.mark.parametrize("listener", ["portal", "staff"])
def test_the_openapi_document_lists_every_route_and_says_how_to_authenticate(small: Website, listener: str) -> None:
    with small.client() if listener == "portal" else small.staff() as client:
        document = json.loads(client.get("/api/openapi.json").content)
    assert document["openapi"].startswith("3.")
    routes = {("/healthz", "get"), ("/readyz", "get"), *(OF_PORTAL if listener == "portal" else OF_STAFF)}
    described = {(path, name): what for path, item in document["paths"].items() for name, what in item.items()}
    assert described.keys() == routes
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for (path, _), operation in described.items():
        assert operation["summary"]
        assert operation["description"]
        if path.startswith("/api"):
            open_to_all = path.endswith("/window")
            assert ("security" in operation, "401" in operation["responses"]) == (not open_to_all, not open_to_all)
            assert {"500", "503"} <= operation["responses"].keys()
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]
    shape = document["components"]["schemas"]["Problem"]["properties"]
    assert {"type", "title", "status", "detail", "vi", "findings"} == shape.keys()


def test_the_door_does_not_open_without_one_portal_to_seal_as(tmp_path: Path, sqlite_url: str) -> None:
    config = configure(tmp_path, sqlite_url)
    configuration.edit(config, lambda stated: stated["trust"]["partners"].pop("portal"))
    with pytest.raises(Misconfigured, match="portal"), website(config) as site:
        site.client()


def test_the_journal_holds_after_all_of_it(site: Website) -> None:
    with site.declarant() as client:
        post(client, citizen_message())
        post(client, citizen_message())
    with site.components.database.reading() as connection:
        assert prove(connection, now=now()).faults == []
