"""The dry run: the verdict of the door, and nothing is kept, drawn, sent or told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapter.gateways.store import tables
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.own_dossiers import DECLARATIONS, XML
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.website import (
    CITIZEN,
    ENTERPRISE,
    OTHER,
    Website,
    citizen_message,
    configure,
    group_message,
    website,
)

DRY = f"{DECLARATIONS}/dry-run"
KEPT = ("inbox", "outbox", "dossier", "declaration", "search_key", "journal", "contingency", "deadline", "notification")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url)) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


def held(site: Website) -> dict[str, Any]:
    """How many rows there are of what a declaration leaves, and how far each series has counted."""
    rows = {name: len(site.rows(tables.metadata.tables[name])) for name in KEPT}
    return rows | {row.name: row.value for row in site.rows(tables.counter) if row.name != "ids"}


def test_it_says_what_the_door_would_say_and_leaves_nothing(site: Website) -> None:
    with site.declarant() as client:
        before = held(site)
        foreseen = client.post(DRY, content=citizen_message(), headers=XML)
        assert held(site) == before
        sent = client.post(DECLARATIONS, content=citizen_message(), headers=XML).json()
        read = client.get(f"{DECLARATIONS}/{sent['id']}").json()
    assert foreseen.status_code == 200
    assert foreseen.json() == {"outcome": sent["outcome"], "findings": read["findings"], "duplicate": False}
    assert sent["outcome"] == "accepted"
    assert "00000001" in sent["reference"], "no number was drawn before"


@pytest.mark.parametrize(
    "changes",
    [{"DateOfBirth": "2099-01-01"}, {"Sex": "Q"}, {"Purpose": ""}, {"ExpectedArrival": "x"}, {"Gate": "NONE"}],
)
def test_faults_are_those_of_the_door(site: Website, changes: dict[str, str]) -> None:
    message = citizen_message(**changes)
    with site.declarant() as client:
        foreseen = client.post(DRY, content=message, headers=XML).json()
        sent = client.post(DECLARATIONS, content=message, headers=XML).json()
        read = client.get(f"{DECLARATIONS}/{sent['id']}").json()
    assert (foreseen["outcome"], foreseen["findings"]) == (sent["outcome"], read["findings"])


def test_what_only_the_store_knows_is_foreseen_too(site: Website) -> None:
    with site.declarant() as client:
        client.post(DECLARATIONS, content=citizen_message(), headers=XML)
        assert client.post(DRY, content=citizen_message(), headers=XML).json()["duplicate"] is True
        site.components.accounts.suspend(CITIZEN, unit="CK-HUUNGHI", reason="Nghi bị chiếm đoạt", actor=TESTER)
        again = citizen_message(messageId="11111111-1111-4111-8111-111111111119", Purpose="Việc khác")
        foreseen = client.post(DRY, content=again, headers=XML).json()
        assert foreseen["outcome"] == "refused"
        assert any("Nghi bị chiếm đoạt" in finding["vi"] for finding in foreseen["findings"])


def test_a_program_whose_account_is_suspended_everywhere_is_told_so_and_nothing_else(site: Website) -> None:
    with site.declarant() as client:
        sent = client.post(DECLARATIONS, content=citizen_message(), headers=XML).json()
        site.suspend(CITIZEN, reason="Nghi bị chiếm đoạt")
        posts = [client.post(each, content=citizen_message(), headers=XML) for each in (DRY, DECLARATIONS)]
        for told in (*posts, client.get(f"{DECLARATIONS}/{sent['id']}")):
            assert (told.status_code, told.json()["type"]) == (403, "urn:nsw-adapter:problem:account-suspended")
            assert all("Nghi bị chiếm đoạt" in told.json()[each] for each in ("detail", "vi"))
        site.components.accounts.restore(CITIZEN, unit=None, reason="Đã xác minh", actor=TESTER)
        assert client.get(f"{DECLARATIONS}/{sent['id']}").status_code == 200


def test_whom_the_door_turns_away_it_turns_away_here(site: Website) -> None:
    with site.declarant(OTHER) as client:
        for address in (DRY, DECLARATIONS):
            response = client.post(address, content=citizen_message(), headers=XML)
            assert (response.status_code, response.json()["type"]) == (403, "urn:nsw-adapter:problem:not-the-declarant")
        for body, status in ((b"<x/>", 422), (b"", 422)):
            assert client.post(DRY, content=body, headers=XML).status_code == status
    assert site.client().post(DRY, content=citizen_message(), headers=XML).status_code == 401


def test_a_shut_door_is_shut(site: Website) -> None:
    site.window(Sight.UP)
    with site.declarant() as client:
        assert client.post(DRY, content=citizen_message(), headers=XML).status_code == 409


def test_a_signed_message_is_judged_with_its_signature(site: Website) -> None:
    party = shared_pki().party("enterprise")
    signed = sign_message(group_message(), system=None, declarant=party, form=SignatureForm.JAVA)
    with site.declarant(ENTERPRISE) as client:
        foreseen = [client.post(DRY, content=each, headers=XML).json() for each in (signed, group_message())]
    assert [each["outcome"] for each in foreseen] == ["accepted", "rejected"], foreseen
    assert held(site)["inbox"] == 0


def test_two_dry_runs_and_a_declaration_beside_one_another(site: Website) -> None:
    with site.declarant() as client, ThreadPoolExecutor(3) as pool:
        addresses = (DRY, DECLARATIONS, DRY)
        sent = [pool.submit(client.post, each, content=citizen_message(), headers=XML) for each in addresses]
        assert [each.result(120).status_code for each in sent] == [200, 202, 200]
    assert held(site)["inbox"] == 1
