"""A procedure that is not linked at a gate goes by the portal always: no incident, no transfer (Article 9(2))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.gateways.store import tables
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.services.watch.mode import Mode, Sight
from tests.harness.people import TESTER, anybody
from tests.harness.website import CITIZEN, Website, citizen_message, configure, website

CITIZENS, SHIPS, AMENDMENT = "BQP0100002", "BQP0100007", "BQP0100005"
XML = {"Content-Type": "application/xml"}
OFFICER = anybody("o-1", name="Thượng úy Thử Nghiệm")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url)) as served:
        served.window(Sight.UP)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


def gate_of(site: Website) -> str:
    """The gate that the citizen's declaration states."""
    procedure = site.components.catalogue.find(CITIZENS, site.components.legal_clock().date())
    assert procedure is not None
    field = procedure.field(procedure.place["gate"])
    assert field is not None
    name = field.path.rpartition("/")[2].encode()
    return citizen_message().partition(b"<" + name + b">")[2].partition(b"<")[0].decode()


def unlink(site: Website, gate: str | None, **more: object) -> int:
    return site.components.links.state(CITIZENS, gate, linked=False, document="CV 12/TCHQ", actor=TESTER, **more)  # type: ignore[arg-type]


def declared(site: Website, **changes: str) -> tuple[int, DossierKey | None]:
    name = f"of {CITIZEN}"
    if any(each.label == name for each in site.components.tokens.list()):
        site.components.tokens.revoke(name, actor=TESTER)
    with site.declarant() as client:
        answer = client.post("/api/v1/declarations", content=citizen_message(**changes), headers=XML)
    told = answer.json()
    return answer.status_code, DossierKey(told["reference"], told["year"]) if answer.status_code == 202 else None


def test_where_it_is_not_linked_the_portal_takes_it_while_the_window_works(site: Website) -> None:
    assert declared(site) == (409, None)
    unlink(site, gate_of(site))
    status, key = declared(site)
    assert status == 202
    assert key is not None
    site.components.completion.complete(key, OFFICER)
    assert {row.route for row in site.rows(tables.outbox)} == {"portal"}, "the window never hears of it"
    assert site.rows(tables.incident) == []
    assert site.components.window.state().mode is Mode.NORMAL


def test_another_gate_is_not_touched(site: Website) -> None:
    other = next(each for each in ("MONGCAI", "CAUTREO", "HUUNGHI") if each != gate_of(site))
    unlink(site, other)
    assert declared(site)[0] == 409


def test_a_dossier_goes_on_as_it_was_received(site: Website) -> None:
    """The link is complete while the dossier is under way: the window does not have its beginning."""
    link = unlink(site, None)
    _, key = declared(site)
    assert key is not None
    later = replace(site.components.links, clock=lambda: site.components.legal_clock() + timedelta(seconds=1))
    later.take_back(link, actor=TESTER)
    site.components.completion.complete(key, OFFICER)
    assert {row.route for row in site.rows(tables.outbox)} == {"portal"}


@pytest.mark.parametrize(
    ("procedure", "gate", "told"),
    [
        (SHIPS, None, "always_linked"),
        (CITIZENS, "MOON", "the code of no gate"),
        (AMENDMENT, None, "amends dossiers"),
        ("BQP0100006", None, "the portal's alone"),
        ("BQP9", None, "no procedure"),
    ],
)
def test_what_cannot_be_stated_says_why(site: Website, procedure: str, gate: str | None, told: str) -> None:
    with pytest.raises(NotAllowed, match=told):
        site.components.links.state(procedure, gate, linked=False, document="CV 12/TCHQ", actor=TESTER)
    assert site.components.links.list(10) == []


def test_a_link_neither_begins_before_now_nor_ends_before_it_begins(site: Website) -> None:
    now = site.components.legal_clock()
    with pytest.raises(NotAllowed, match="begins now or later"):
        unlink(site, None, since=now - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="ends after it begins"):
        unlink(site, None, until=now)
    with pytest.raises(NotAllowed, match="no link of id"):
        site.components.links.take_back(77, actor=TESTER)


def test_everybody_may_see_at_which_gates_the_portal_takes_it(site: Website) -> None:
    unlink(site, gate_of(site))
    (told,) = [each for each in site.components.situations.now().offered if each.code == CITIZENS]
    assert (told.taken, len(told.unlinked)) == (False, 1)
    with site.client() as client:
        assert f": {told.unlinked[0].vi}</span>" in client.get("/").text
