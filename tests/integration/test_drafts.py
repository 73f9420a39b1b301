"""A declaration made from a form: kept as a draft, signed where a body declares, sent by the door like any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Table, func, select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store import tables
from adapter.model.errors import NotAllowed, Unavailable
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.pipeline.forms.faults import seat_of
from adapter.services.door.draft import ChangedMeanwhile, Draft, NoDraft, OtherForm, TooManyDrafts
from adapter.services.door.drafts import MOST
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Admitted, Caller
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.way import PortalTakes
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.jdk_signing import signed_by_jdk
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registered import register_declarants
from tests.harness.shares import share
from tests.harness.stores import Original
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, citizen_message, configure, group_message

PERSON = {"name": "Nguyễn Văn An", "number": CITIZEN}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[tuple[Components, Original]]:
    built = assemble(configure(tmp_path_factory.mktemp("one"), standing_url))
    register_declarants(built, shared_pki())
    built.window.override(Sight.DOWN, reason="a test", actor=TESTER)
    yield built, Original(built.database)
    built.database.close()


@pytest.fixture
def whole(one: tuple[Components, Original]) -> Components:
    """The window is down by the operator's word, so that the door is open."""
    built, original = one
    original.put_back()
    return built


def begun(whole: Components, code: str = "BQP0100002", owner: str = CITIZEN) -> Draft:
    procedure = next(each for each in whole.drafts.offered() if each.code == code)
    return whole.drafts.begin(owner, procedure, "HUUNGHI", PERSON)


def filled(whole: Components, begun: Draft, message: bytes) -> Draft:
    """With what an accepted message says, as if it had been typed."""
    sketch = whole.drafts.forms.layout(begun)
    form = etree.fromstring(message).find(f"Body/Content/{begun.spec.root}")
    assert form is not None
    said = answers_in(sketch, form)
    asked = {field.name for section in sketch.sections for field in section.asked}
    values = {name: text for name, text in said.values.items() if name in asked}
    return whole.drafts.save(begun, Answers({**begun.answers.values, **values}, said.rows))


def citizen(whole: Components) -> Draft:
    return filled(whole, begun(whole), citizen_message())


def group(whole: Components) -> Draft:
    return filled(whole, begun(whole, "BQP0100001", ENTERPRISE), group_message())


def count(whole: Components, table: Table) -> int:
    with whole.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_draft_begins_with_what_is_known_and_with_the_gate(whole: Components) -> None:
    values = begun(whole).answers.values
    assert values == {"declarantName": "Nguyễn Văn An", "declarantPersonalNumber": CITIZEN, "gate": "HUUNGHI"}


def test_a_citizens_declaration_needs_no_signature_and_is_accepted(whole: Components) -> None:
    draft = citizen(whole)
    assert not draft.must_be_signed
    assert [finding.name for finding in whole.drafts.check(draft)] == []
    sent = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted"
    assert whole.drafts.unsent(CITIZEN) == []


def test_a_form_gets_the_verdict_of_an_uploaded_envelope(whole: Components) -> None:
    """Faults of a draft are those that the door tells, at the same places."""
    draft = citizen(whole)
    draft = whole.drafts.save(draft, draft.answers.with_values({"expectedReturn": "2020-01-01", "sex": "M"}))
    foreseen = {(finding.name, finding.pointer) for finding in whole.drafts.check(draft)}
    sent = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    with whole.database.reading() as connection:
        row = connection.execute(select(tables.inbox).where(tables.inbox.c.public_id == sent.public_id)).one()
    told = {(whole.catalogue.findings.restate(kept).name, kept["pointer"]) for kept in row.findings}
    assert foreseen
    assert foreseen == told


def test_what_is_missing_is_told_by_its_label_at_its_field(whole: Components) -> None:
    draft = begun(whole)
    sketch = whole.drafts.forms.layout(draft)
    found = whole.drafts.check(draft)
    by_seat = {seat.name: finding for finding in found if (seat := seat_of(sketch, finding.pointer))}
    assert {"fullName", "direction", "expectedArrival"} <= by_seat.keys()
    assert whole.catalogue.findings.state(by_seat["fullName"]).vi == "Thiếu Họ và tên: nội dung bắt buộc."


def test_pressed_twice_it_is_one_message_with_one_answer(whole: Components) -> None:
    draft = citizen(whole)
    first = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    again = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert again == first
    assert (count(whole, tables.inbox), count(whole, tables.contingency)) == (1, 1)


def test_a_press_that_was_stored_and_not_noted_is_the_same_message(whole: Components) -> None:
    """The process dies after the door has stored it and before the draft knows."""
    draft = citizen(whole)

    def dies(raw: bytes, caller: Caller) -> Admitted:
        whole.door.declare(raw, caller)
        raise Unavailable("the process is dead")

    with pytest.raises(Unavailable):
        replace(whole.drafts, submit=dies).send(CITIZEN, draft.public_id, draft.message_key)
    later = replace(whole.drafts, clock=lambda: whole.legal_clock() + timedelta(minutes=3))
    sent = later.send(CITIZEN, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted"
    assert (count(whole, tables.inbox), count(whole, tables.contingency)) == (1, 1)


def test_a_number_is_drawn_once_a_draft(whole: Components) -> None:
    draft = group(whole)
    draft, first = whole.drafts.prepare(draft)
    draft = whole.drafts.save(draft, draft.answers.with_values({"groupName": "Đoàn khác"}))
    draft, second = whole.drafts.prepare(draft)
    numbers = {etree.fromstring(raw).findtext("Header/Subject/reference") for raw in (first, second)}
    assert numbers == {str(draft.key.number) if draft.key else ""}
    assert count(whole, tables.contingency) == 1
    assert etree.fromstring(first).findtext("Header/Reference/messageId") != draft.message_key


def test_a_body_signs_what_it_has_downloaded_and_is_accepted(whole: Components) -> None:
    draft = group(whole)
    assert draft.must_be_signed
    draft, prepared = whole.drafts.prepare(draft)
    signed = sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=XMLSEC1)
    draft, changed = whole.drafts.take_signed(draft, signed)
    assert changed == []
    sent = whole.drafts.send(ENTERPRISE, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted"


@pytest.mark.parametrize("form", share(["rsa-pss-256", "plain"], 2))
def test_what_the_jdk_signs_of_a_draft_is_accepted_too(whole: Components, tmp_path: Path, form: str) -> None:
    draft, prepared = whole.drafts.prepare(group(whole))
    signed = signed_by_jdk(tmp_path, shared_pki().party("enterprise"), {form: prepared})[form]
    draft, changed = whole.drafts.take_signed(draft, signed)
    assert changed == []
    sent = whole.drafts.send(ENTERPRISE, draft.public_id, draft.message_key)
    assert (sent.outcome, [each.name for each in sent.findings]) == ("accepted", [])


XMLSEC1 = SignatureForm.JAVA


def test_a_file_that_was_changed_before_it_was_signed_is_shown_with_its_differences(whole: Components) -> None:
    draft, prepared = whole.drafts.prepare(group(whole))
    before = str(draft.answers.values["groupName"])
    changed = prepared.replace(before.encode(), "Đoàn khác".encode())
    signed = sign_message(changed, system=None, declarant=shared_pki().party("enterprise"), form=XMLSEC1)
    draft, differences = whole.drafts.take_signed(draft, signed)
    assert [(each.name, each.before, each.after) for each in differences] == [("groupName", before, "Đoàn khác")]
    sent = whole.drafts.send(ENTERPRISE, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted"  # what counts is what was signed


def test_another_declaration_is_no_signed_form_of_this_draft(whole: Components) -> None:
    draft, _ = whole.drafts.prepare(group(whole))
    with pytest.raises(OtherForm):
        whole.drafts.take_signed(draft, citizen_message())


def test_a_change_drops_what_was_signed_before_it(whole: Components) -> None:
    draft, prepared = whole.drafts.prepare(group(whole))
    signed = sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=XMLSEC1)
    draft, _ = whole.drafts.take_signed(draft, signed)
    draft = whole.drafts.save(draft, draft.answers.with_values({"groupName": "Đoàn khác"}))
    assert draft.signed is None


def test_a_body_that_sends_unsigned_is_rejected_and_keeps_its_draft(whole: Components) -> None:
    draft = group(whole)
    sent = whole.drafts.send(ENTERPRISE, draft.public_id, draft.message_key)
    assert sent.outcome == "rejected"
    kept = whole.drafts.find(ENTERPRISE, draft.public_id)
    assert kept.sent_as is None
    assert kept.message_key != draft.message_key
    assert kept.answers.as_stored() == draft.answers.as_stored()


def test_what_was_begun_before_the_window_was_back_is_still_sent_here(whole: Components) -> None:
    draft = citizen(whole)
    whole.window.override(Sight.UP, reason="a test", actor=TESTER)
    assert whole.window.state().mode is Mode.RECONCILING
    assert whole.opening.of_draft(draft) is PortalTakes.BEGUN
    assert whole.drafts.send(CITIZEN, draft.public_id, draft.message_key).outcome == "accepted"
    later = replace(whole.drafts, clock=lambda: whole.window.clock() + timedelta(seconds=1))
    draft = later.begin(CITIZEN, draft.procedure, draft.gate, {})
    assert whole.opening.of_draft(draft) is PortalTakes.DRAFTS, "what a page says before he presses"
    with pytest.raises(TurnedAway) as turned:
        later.send(CITIZEN, draft.public_id, draft.message_key)
    assert turned.value.why is Why.CLOSED


def test_while_the_window_works_the_door_is_closed_and_the_draft_is_kept(whole: Components) -> None:
    draft = citizen(whole)
    whole.window.override(Sight.UP, reason="a test", actor=TESTER)
    whole.window.refresh(broker_up=True, started_at=whole.window.clock())
    with pytest.raises(TurnedAway) as turned:
        whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert turned.value.why is Why.CLOSED
    assert whole.drafts.find(CITIZEN, draft.public_id).answers.as_stored() == draft.answers.as_stored()


def test_two_windows_of_a_browser_do_not_overwrite_each_other(whole: Components) -> None:
    draft = begun(whole)
    whole.drafts.save(draft, draft.answers.with_values({"purpose": "Thăm thân"}))
    with pytest.raises(ChangedMeanwhile) as told:
        whole.drafts.save(draft, draft.answers.with_values({"purpose": "Du lịch"}))
    assert told.value.now.answers.values["purpose"] == "Thăm thân"
    with pytest.raises(ChangedMeanwhile):
        whole.drafts.send(CITIZEN, draft.public_id, "of another page")


def test_anothers_draft_is_not_there(whole: Components) -> None:
    draft = begun(whole)
    for act in (
        lambda: whole.drafts.find(OTHER, draft.public_id),
        lambda: whole.drafts.discard(OTHER, draft.public_id),
        lambda: whole.drafts.send(OTHER, draft.public_id, draft.message_key),
    ):
        with pytest.raises(NoDraft):
            act()
    assert whole.drafts.unsent(OTHER) == []
    whole.drafts.discard(CITIZEN, draft.public_id)
    assert count(whole, tables.draft) == 0


def test_a_sent_draft_cannot_be_changed(whole: Components) -> None:
    draft = citizen(whole)
    whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    with pytest.raises(NoDraft):
        whole.drafts.save(draft, draft.answers.with_values({"purpose": "Du lịch"}))


def test_drafts_are_bounded(whole: Components) -> None:
    for _ in range(MOST):
        begun(whole)
    with pytest.raises(TooManyDrafts):
        begun(whole)


def test_a_procedure_is_declared_at_its_gates_only(whole: Components) -> None:
    ship = next(each for each in whole.drafts.offered() if each.code == "BQP0100007")
    assert all(code.code != "HUUNGHI" for code in whole.drafts.gates(ship))
    with pytest.raises(NotAllowed):
        whole.drafts.begin(CITIZEN, ship, "HUUNGHI", PERSON)
