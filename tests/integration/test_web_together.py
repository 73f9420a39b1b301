"""Many at the portal at once: kept together where that is possible, and nobody waits for another's dossier."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from adapter.bootstrap import now
from adapter.gateways.store import dossiers, tables
from adapter.gateways.store.dossier_records import MessageWithDossier
from adapter.gateways.store.own_numbers import NumberRequest
from adapter.model.identifiers import DossierKey
from adapter.services.door import sealing
from adapter.services.door.doorkeeper import Applicant, identity_of
from adapter.services.door.precheck import TurnedAway, Why, submitted
from adapter.services.door.reception import Caller, arriving
from adapter.services.door.taking import _Judged, _Wanted
from adapter.services.messages.item import Item
from adapter.services.watch.mode import Sight
from tests.harness.website import CITIZEN, Website, citizen_message, configure, website

DECLARATIONS = "/api/v1/declarations"
WAIT = 120.0


@pytest.fixture
def site(tmp_path: Path, postgresql_url: str) -> Iterator[Website]:
    with website(configure(tmp_path, postgresql_url)) as served:
        served.window(Sight.DOWN)
        yield served


def post(client: httpx.Client, message: bytes) -> httpx.Response:
    return client.post(DECLARATIONS, content=message, headers={"Content-Type": "application/xml"})


def _declared(client: httpx.Client) -> DossierKey:
    told = post(client, citizen_message(messageId="first")).json()
    return DossierKey(told["reference"], told["year"])


def _replacement(key: DossierKey) -> bytes:
    return citizen_message(reference=key.number, preReference=key.number, function="02", messageId="second")


def _judged(site: Website, message: bytes, key: DossierKey) -> Item:
    """As the door has it judged before it is kept."""
    components = site.components
    tree = components.threshold.present(message, f"portal:{CITIZEN}", now()).tree
    sealing.write_number(tree, key)
    return components.intake.judge(
        submitted(sealing.sealed(tree, components.portal_key()).body, components.legal_clock(), CITIZEN)
    )


def test_what_another_is_at_is_not_waited_for_together(site: Website) -> None:
    with site.declarant() as client:
        key = _declared(client)
    items = [
        _judged(site, _replacement(key), key),
        _judged(site, citizen_message(messageId="other"), site.components.series.placeholder(now())),
    ]
    database, intake = site.components.database, site.components.intake
    with database.transaction() as officer, ThreadPoolExecutor(1) as pool:
        database.lock(officer, [dossiers.lock_name(key)])
        assert pool.submit(intake.keep_together, items, waits=False).result(WAIT) is None
        assert len(site.rows(tables.inbox)) == 1
    kept = intake.keep_together(items, waits=False)
    assert kept is not None
    assert [each.state for each in kept] == ["settled", "settled"]


def test_a_caller_whose_dossier_an_officer_is_at_stops_nobody_else(site: Website) -> None:
    messages = [citizen_message(messageId=f"other-{number}") for number in range(8)]
    with site.declarant() as client, ThreadPoolExecutor(9) as pool:
        key = _declared(client)
        with site.components.database.transaction() as officer:
            site.components.database.lock(officer, [dossiers.lock_name(key)])
            held = pool.submit(post, client, _replacement(key))
            others = [pool.submit(post, client, message) for message in messages]
            assert {each.result(WAIT).json()["outcome"] for each in others} == {"accepted"}
            assert not held.done()
        assert held.result(WAIT).json()["outcome"] == "accepted"


def _brought(site: Website, message: bytes, key: DossierKey, number: str) -> _Judged:
    """As a caller brings it to a group."""
    item = _judged(site, message, key)
    asks = arriving(site.components.threshold.sealed(item.submission.raw, now()))
    return _Judged(item, Applicant(asks, Caller(number), identity_of(f"portal:{number}", asks), has_number=True))


def test_one_that_is_not_let_in_stops_nobody_of_its_group_and_is_not_stored(site: Website) -> None:
    with site.declarant() as client:
        key = _declared(client)
    theirs = _brought(site, citizen_message(messageId="theirs"), key, "0100109106")
    own = _brought(site, _replacement(key), key, CITIZEN)
    for brought in ([theirs, own], [own, theirs]):
        results = dict(zip(brought, site.components._judging._keep_together(brought) or (), strict=True))
        refused, kept = results[theirs], results[own]
        assert isinstance(refused, TurnedAway)
        assert refused.why is Why.NUMBER
        assert isinstance(kept, MessageWithDossier)
        assert kept.outcome == "accepted"
        assert len(site.rows(tables.inbox)) == 2
    assert isinstance(site.components._judging._keep(theirs), TurnedAway)
    assert len(site.rows(tables.inbox)) == 2


def test_no_number_is_drawn_for_one_that_is_not_let_in_beside_others(site: Website) -> None:
    site.window(Sight.UP)
    message = citizen_message(messageId="shut")
    asks = arriving(site.components.threshold.present(message, f"portal:{CITIZEN}", now()).envelope)
    shut = Applicant(asks, Caller(CITIZEN), identity_of(f"portal:{CITIZEN}", asks), has_number=False)
    wanted = [
        _Wanted(NumberRequest("portal:1", "shut", "BP", now()), shut),
        _Wanted(NumberRequest("portal:1", "draft", "BP", now()), None),
    ]
    refused, drawn = site.components._judging._draw(wanted)
    assert isinstance(refused, TurnedAway)
    assert refused.why is Why.CLOSED
    assert isinstance(drawn, DossierKey)
    assert [row.message_key for row in site.rows(tables.contingency)] == ["draft"]


def test_a_declaration_counts_nothing_that_waits(site: Website) -> None:
    """During an outage thousands of replies wait: each declaration would count them all."""
    asked: list[str] = []

    def heard(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(site.components.database.engine, "before_cursor_execute", heard)
    with site.declarant() as client:
        assert post(client, citizen_message()).status_code == 202
    assert len(asked) > 10
    assert [statement for statement in asked if "count(" in statement.lower()] == []
