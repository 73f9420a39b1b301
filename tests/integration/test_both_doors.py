"""One declaration by both doors, and the window's own number for a dossier that was decided directly."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store.tables import dossier, outbox
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.dossiers.lookup import LookupKind, Question
from adapter.services.messages.item import Settled
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.history import ITEMS, OFFICER, Desk, dossier_of
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki

DIRECT, ALIAS = DossierKey("PROOF1", 2026), DossierKey("NSW777", 2026)


def receive(whole: Components, name: int | str, channel: Channel, **changes: str) -> Settled:
    signer = "portal" if channel is Channel.PORTAL else "nsw"
    message = declaration(name, signer=signer, **changes)
    (settled,) = whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    return settled


def names(settled: Settled) -> list[str]:
    return [finding.name for finding in settled.findings]


def known_to_the_window(whole: Components) -> None:
    """Its 40/99 has come, with a number of its own."""
    with whole.database.transaction() as connection:
        mine = update(dossier).where(dossier.c.number == DIRECT.number)
        connection.execute(mine.values(alias_number=ALIAS.number, transferred=True))


def linked(whole: Components, key: DossierKey) -> tuple[str, ...]:
    return dossier_reader(whole).life(key, personal=False, actor=TESTER).linked


def test_a_declaration_by_both_doors_is_linked_and_flagged(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    again = receive(whole, 2, Channel.WINDOW)
    assert (again.outcome.value, names(again)) == ("accepted", ["declared_by_both_doors"])
    assert str(DIRECT) in again.findings[0].vi
    other = DossierKey("PROOF2", 2026)
    assert linked(whole, other) == (str(DIRECT),)
    assert linked(whole, DIRECT) == (str(other),)


@pytest.mark.parametrize("changes", [{"paper": "C7654321"}, {"arrival": "2026-08-02"}], ids=["paper", "time"])
def test_what_declares_something_else_is_not_linked(whole: Components, changes: dict[str, str]) -> None:
    receive(whole, 1, Channel.PORTAL)
    assert names(receive(whole, 2, Channel.WINDOW, **changes)) == []
    assert linked(whole, DIRECT) == ()


def test_by_one_door_a_second_declaration_is_not_called_the_other_door_s(whole: Components) -> None:
    receive(whole, 1, Channel.WINDOW)
    assert names(receive(whole, 2, Channel.WINDOW)) == []


def test_the_window_s_own_number_serves_officers_and_messages_as_the_dossier_s(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    known_to_the_window(whole)
    newer = receive(whole, "newer", Channel.WINDOW, reference=ALIAS.number, function="02", sent="2026-03-02 07:14:59")
    assert newer.outcome.value == "accepted"
    asked, _ = whole.amendments.request(ALIAS, OFFICER, reason="Sai", items=ITEMS)
    assert (asked.key, asked.version) == (DIRECT, 2)
    assert whole.amendments.withdraw(ALIAS, OFFICER, reason="Nhầm").key == DIRECT
    assert whole.completion.complete(ALIAS, OFFICER).key == DIRECT
    assert dossier_reader(whole).life(ALIAS, personal=False, actor=TESTER).dossier.number == DIRECT.number
    assert len(dossier_reader(whole).dossiers(state=None, limit=9, actor=TESTER)) == 1


def test_an_amendment_and_a_lookup_by_the_window_s_own_number_are_of_the_dossier(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    known_to_the_window(whole)
    whole.amendments.request(DIRECT, OFFICER, reason="Sai", items=ITEMS)
    case = next(each for each in load_cases() if each.id == "BQP0100003/accepted-on-request-citizen-unsigned")
    direct = case.message.replace(dossier_of(case.message).number.encode(), DIRECT.number.encode())
    filled = Desk(whole).filled(replace(case, message=direct))
    raw = signed(replace(case, message=filled.message.replace(b"PROOF1", ALIAS.number.encode())), shared_pki())
    digest = Digest(hashlib.sha256(raw).hexdigest())
    (settled,) = whole.intake.receive([Submission(raw, Channel.WINDOW, CLOCK, digest)])
    assert (settled.outcome.value, names(settled)) == ("accepted", [])
    asked = Question(LookupKind.NUMBER, ALIAS.number, ALIAS.year)
    (found,) = whole.lookup.find(asked, TESTER).dossiers
    assert (found.reference, found.alias, found.version, found.state) == (DIRECT.number, ALIAS.number, 2, "amended")


def pairs(whole: Components) -> list[str]:
    """Every reply to the window, in the order in which they were made."""
    query = select(outbox).where(outbox.c.route == "window").order_by(outbox.c.id)
    with whole.database.reading() as connection:
        return [f"{row.type}/{row.function}" for row in connection.execute(query)]


@pytest.mark.parametrize("completed", [False, True], ids=["accepted", "completed"])
@pytest.mark.parametrize("number", [ALIAS.number, DIRECT.number], ids=["its own number", "ours"])
def test_the_window_s_copy_of_what_was_transferred_is_kept_with_the_dossier_and_flagged(
    whole: Components, number: str, completed: bool
) -> None:
    """Never a second dossier, never a second acceptance, and no rejection of what the window has by a transfer."""
    receive(whole, 1, Channel.PORTAL)
    if completed:
        whole.completion.complete(DIRECT, OFFICER)
    known_to_the_window(whole)
    before = dossier_reader(whole).life(DIRECT, personal=False, actor=TESTER)
    copy = receive(whole, "copy", Channel.WINDOW, reference=number)
    assert (copy.outcome.value, names(copy)) == ("accepted", ["copy_of_the_window"])
    assert str(DIRECT) in copy.findings[0].vi
    after = dossier_reader(whole).life(DIRECT, personal=False, actor=TESTER)
    assert (after.dossier, after.versions) == (before.dossier, before.versions)
    assert after.journal[-1].detail["codes"] == [copy.findings[0].code]
    assert len(dossier_reader(whole).dossiers(state=None, limit=9, actor=TESTER)) == 1
    assert pairs(whole) == ["10/99"]
    assert receive(whole, "copy", Channel.WINDOW, reference=number).duplicate


def test_a_copy_that_declares_something_else_is_flagged_as_that_and_changes_nothing(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    known_to_the_window(whole)
    copy = receive(whole, "copy", Channel.WINDOW, reference=ALIAS.number, paper="C7654321")
    assert (copy.outcome.value, names(copy)) == ("accepted", ["copy_of_the_window", "copy_differs"])
    life = dossier_reader(whole).life(DIRECT, personal=False, actor=TESTER)
    assert (life.dossier.state, len(life.versions)) == ("accepted", 1)


def test_a_copy_takes_no_request_to_amend_back_and_ends_no_amendment_that_waits(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    known_to_the_window(whole)
    whole.amendments.request(DIRECT, OFFICER, reason="Sai", items=ITEMS)
    receive(whole, "copy", Channel.WINDOW, reference=ALIAS.number)
    assert whole.amendments.withdraw(DIRECT, OFFICER, reason="Nhầm").state == "accepted"
    assert pairs(whole)[-1] == "10/99"


def test_a_second_declaration_under_a_number_of_the_window_s_own_dossier_is_no_copy(whole: Components) -> None:
    receive(whole, 1, Channel.WINDOW)
    assert names(receive(whole, "again", Channel.WINDOW, reference=DIRECT.number)) == ["dossier_exists"]


def test_another_procedure_s_declaration_under_the_window_s_own_number_is_no_copy(whole: Components) -> None:
    receive(whole, 1, Channel.PORTAL)
    known_to_the_window(whole)
    case = next(each for each in load_cases() if each.id == "BQP0100001/accepted-tour-group-entering")
    message = case.message.replace(dossier_of(case.message).number.encode(), ALIAS.number.encode())
    raw = signed(replace(case, message=message), shared_pki())
    digest = Digest(hashlib.sha256(raw).hexdigest())
    (settled,) = whole.intake.receive([Submission(raw, Channel.WINDOW, CLOCK, digest)])
    assert (settled.outcome.value, names(settled)) == ("rejected", ["dossier_exists"])
