"""Acts of officers from a page: the session says who acts, and everything that comes is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import journal
from adapter.model.actor import Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.services.dossiers.acts import ActDone, OfficerActs, SessionOver
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import ITEMS, dossier_of
from tests.harness.people import anybody, person
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original

SECRETS = {
    "of-binh": anybody("o-7", name="TRAN VAN BINH", rank="Thiếu tá"),
    "of-lan": person("o-8", Role.OFFICER, name="LE THI LAN", unit="CK-CHIMA"),
}
CASE = next(case for case in load_cases() if case.id == "BQP0100002/accepted-citizen-signed")
KEY = dossier_of(CASE.message)


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    with gate(tmp_path_factory.mktemp("premises")) as made:
        made.intake.receive([submission(CASE, shared_pki())])
        yield made, Original(made.database)


@pytest.fixture
def premises(_standing: tuple[Components, Original]) -> Components:
    """A store with one accepted declaration."""
    made, original = _standing
    original.put_back()
    return made


@pytest.fixture
def acts(premises: Components) -> OfficerActs:
    return OfficerActs(lambda: premises.desks, SECRETS.get)


def _acted(premises: Components) -> list[tuple[str, str]]:
    """Who has done what, as the journal has it."""
    with premises.database.reading() as connection:
        rows = connection.execute(select(journal.c.event, journal.c.actor).order_by(journal.c.id)).all()
    return [(row.event, row.actor) for row in rows if row.actor.startswith("person:o-")]


def test_an_officer_confirms_in_the_name_of_his_session(premises: Components, acts: OfficerActs) -> None:
    done = acts.do("of-binh", "complete", KEY, {"remarks": "Đã kiểm tra"})
    assert done == ActDone(KEY, "completed")
    assert _acted(premises) == [("dossier.complete", "person:o-7")]


def test_a_request_to_amend_gives_before_when_its_answer_is_due_and_is_withdrawn(acts: OfficerActs) -> None:
    items = [{"wrong": ITEMS[0].wrong, "asked": ITEMS[0].asked, "form": None, "pointer": "/Envelope"}]
    asked = acts.do("of-binh", "request_amendment", KEY, {"reason": "Thiếu thông tin", "items": items})
    assert (asked.state, asked.answer_before is not None) == ("amendment_requested", True)
    assert acts.do("of-binh", "withdraw_request", KEY, {"reason": "Nhầm hồ sơ"}).state == "accepted"


def test_a_secret_that_nobody_is_logged_in_by_does_nothing(premises: Components, acts: OfficerActs) -> None:
    for secret in ("", "of-nobody"):
        with pytest.raises(SessionOver):
            acts.do(secret, "complete", KEY, {})
    assert _acted(premises) == []


def test_an_officer_of_another_unit_does_nothing(premises: Components, acts: OfficerActs) -> None:
    with pytest.raises(NoRight):
        acts.do("of-lan", "complete", KEY, {})
    assert _acted(premises) == []


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("__class__", {}),
    ("complete", {"officer": "o-1"}),
    ("complete", {"remarks": ["a"]}),
    ("complete", {"remarks": "a\x01b"}),
    ("refuse", {"reason": ""}),
    ("refuse", {"reason": {"$": 1}}),
    ("request_amendment", {"reason": "x", "items": "x"}),
    ("request_amendment", {"reason": "x", "items": ["x"]}),
    ("request_amendment", {"reason": "x", "items": []}),
    ("request_amendment", {"reason": "x", "items": [{"wrong": "a", "asked": "b", "sql": "c"}]}),
    ("note_papers", {"name": "visaLetter", "brought_at": "yesterday"}),
    ("settle_pair", {"other": "PROOF2", "verdict": "same", "reason": "x"}),
    ("settle_pair", {"other": "PROOF2/2026", "verdict": "alike", "reason": "x"}),
    ("settle_pair", {"other": "PROOF2/2026", "verdict": "same", "reason": "x"}),
    ("settle_pair", {"other": "PROOF2/2026", "verdict": "same", "reason": ""}),
    ("reopen_pair", {"other": "PROOF2/2026", "reason": "x"}),
    ("note_papers", {"name": "visaLetter", "brought_at": "2026-03-02T07:15:00"}),
    ("approve", {"amendment": "SD0000"}),
    ("decline", {"amendment": "SD0000", "reason": "x"}),
]


@pytest.mark.parametrize(("act", "arguments"), HOSTILE, ids=[f"{act}-{given}"[:50] for act, given in HOSTILE])
def test_what_does_not_fit_is_told_and_changes_nothing(
    premises: Components, acts: OfficerActs, act: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(NotAllowed):
        acts.do("of-binh", act, KEY, arguments)
    assert _acted(premises) == []


def test_an_amendment_is_decided_on_at_its_own_dossier_only(premises: Components, acts: OfficerActs) -> None:
    other = DossierKey("KHAC", 2026)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(premises.amendments), "about", lambda self, number: other)
        with pytest.raises(NotAllowed, match="is of dossier KHAC"):
            acts.do("of-binh", "approve", KEY, {"amendment": "SD1"})
