"""Texts over HTTP, and texts that an earlier version has stored: no failure of ours, and no declaration that parks."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from adapter.gateways.store import suspensions
from adapter.model.outcomes import Word
from adapter.services.watch.mode import Sight
from tests.harness.fixtures import load_cases, submission
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, Website, citizen_message, configure, website

HOSTILE = ("a%01b", "%00", "a%C2%9Bb", "%EF%BF%BE", "%ED%B2%80%01", "a%E2%80%AEb", "x" * 5000)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.mark.parametrize("listener", ["portal", "staff"])
def test_no_string_of_http_takes_what_no_form_can_hold(site: Website, listener: str) -> None:
    with site.customs() if listener == "staff" else site.declarant() as client:
        paths = client.get("/api/openapi.json").json()["paths"]
        asked = 0
        for path, operations in paths.items():
            for stated in operations.get("get", {}).get("parameters", []):
                for text in HOSTILE:
                    if stated["in"] == "query":
                        response = client.get(f"{path}?{stated['name']}={text}")
                        assert response.status_code == 422, (path, stated["name"], text)
                    else:
                        response = client.get(
                            path.replace(f"{{{stated['name']}}}", text).replace("{", "").replace("}", "")
                        )
                        assert response.status_code in (404, 422), (path, stated["name"], text)
                    assert response.headers["content-type"] == "application/problem+json"
                    asked += 1
        assert asked > 10
    assert site.events == [] or all(event.value != "request.failed" for event, _ in site.events)


def test_what_a_body_holds_that_no_form_can_is_told_and_not_stored(site: Website) -> None:
    with site.declarant() as client:
        for hostile in ("\x01", "\ufffe"):
            body = citizen_message().replace(b"</", hostile.encode() + b"</", 1)
            response = client.post("/api/v1/declarations", content=body, headers={"Content-Type": "application/xml"})
            assert response.status_code in (400, 422), quote(response.text)


@pytest.mark.parametrize("reason", ["Lý do\x01hai", "Lý do\ufffehai", "Lý do\x9bhai", "x" * 5000])
def test_a_reason_that_an_earlier_version_took_refuses_and_parks_nothing(site: Website, reason: str) -> None:
    with site.components.database.transaction() as connection:
        suspensions.add(
            connection,
            site.components.database,
            number=CITIZEN,
            unit=None,
            reason=reason,
            officer="CB-\x01",
            since=site.components.legal_clock(),
        )
    case = next(case for case in load_cases() if case.id == "BQP0100002/accepted-citizen-signed")
    (settled,) = site.components.intake.receive([submission(case, shared_pki())])
    assert settled.outcome is Word.REFUSED
    assert settled.state == "settled"
