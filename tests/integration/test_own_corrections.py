"""A declarant answers a request, corrects, withdraws and amends: by a form that begins with the version in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import select, update

from adapter.bootstrap import Components
from adapter.gateways.store import tables
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning
from adapter.pipeline.compose import AmendmentItem
from adapter.pipeline.forms.faults import seat_of
from adapter.services.door.corrections import NotOffered
from adapter.services.door.draft import Draft, Overtaken
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Caller
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.way import PortalTakes
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import OFFICER, dossier_of
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, citizen_message, group_message

PAPER = "/Envelope/Body/Content/CitizenDeclaration/Citizen/DocumentNumber"
SHIP = "BQP0100007/accepted-arrival-exactly-four-hours-before"


def logged_in(number: str, tax_code: str | None = None, name: str = "Nguyễn Văn An") -> Actor:
    return Actor(ActorKind.PERSON, f"account-{number}", name, roles=frozenset({Role.DECLARANT}), number=number,
                 on_behalf_of=tax_code)  # fmt: skip


AN, HUONG = logged_in(CITIZEN), logged_in(OTHER, ENTERPRISE, "Trần Thị Hương")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    """The window is down by the operator's word, so that the door is open. And a copy of the store."""
    folder = tmp_path_factory.mktemp("one")
    with gate(folder) as built:
        built.window.override(Sight.DOWN, reason="a test", actor=TESTER)
        yield built, Original(built.database)


@pytest.fixture
def whole(one: tuple[Components, Original]) -> Components:
    """Nobody has declared yet."""
    built, original = one
    original.put_back()
    return built


def signed(raw: bytes) -> bytes:
    """By the enterprise."""
    party = shared_pki().party("enterprise")
    return sign_message(raw, system=None, declarant=party, form=SignatureForm.JAVA)


def declared(whole: Components) -> DossierKey:
    """An's own dossier, which came by the portal."""
    admitted = whole.door.declare(citizen_message(), Caller(CITIZEN))
    assert admitted.outcome == "accepted"
    assert admitted.reference is not None
    assert admitted.year is not None
    return DossierKey(admitted.reference, admitted.year)


def group_declared(whole: Components) -> DossierKey:
    """A tour group's dossier, which came by the portal."""
    admitted = whole.door.declare(signed(group_message()), Caller(OTHER, ENTERPRISE))
    assert admitted.outcome == "accepted"
    assert admitted.reference is not None
    assert admitted.year is not None
    return DossierKey(admitted.reference, admitted.year)


def asked(whole: Components, key: DossierKey, pointer: str | None = PAPER) -> None:
    item = AmendmentItem("Số giấy tờ không khớp", "Khai lại theo hộ chiếu", None, pointer)
    whole.amendments.request(key, OFFICER, reason="Kiểm tra giấy tờ", items=[item])


def opened(whole: Components, key: DossierKey, actor: Actor = AN) -> None:
    found = whole.own_dossiers.read(actor, key.number, key.year)
    assert found is not None
    for answer in found.answers:
        assert whole.own_dossiers.open(actor, key.number, key.year, answer.digest)


def begun(whole: Components, key: DossierKey, meaning: Meaning, actor: Actor = AN) -> Draft:
    draft = whole.corrections.begin(actor, key.number, key.year, meaning)
    assert draft is not None
    return draft


def changed(whole: Components, draft: Draft, **values: str) -> Draft:
    return whole.drafts.save(draft, draft.answers.with_values(values))


def told(whole: Components, draft: Draft) -> list[tuple[str, str]]:
    """Finding and the field where it stands."""
    sketch = whole.drafts.forms.layout(draft)
    seats = [(each.name, seat_of(sketch, each.pointer)) for each in whole.drafts.check(draft)]
    return [(name, seat.name if seat else "") for name, seat in seats]


def stands(whole: Components, key: DossierKey) -> tuple[str, int, dict[str, str]]:
    """State, version in force and its values."""
    with whole.database.reading() as connection:
        row = connection.execute(
            select(tables.dossier).where(tables.dossier.c.number == key.number, tables.dossier.c.year == key.year)
        ).one()
        mine = (tables.declaration.c.dossier_id == row.id, tables.declaration.c.version == row.version)
        values = connection.execute(select(tables.declaration.c["values"]).where(*mine)).scalar_one()
    return row.state, row.version, values


def test_a_request_is_shown_field_by_field_once_he_has_it(whole: Components) -> None:
    key = declared(whole)
    asked(whole, key)
    before = whole.corrections.ways(AN, key.number, key.year)
    assert before is not None
    assert before.request is None, "its hour begins when he opens it; he knows nothing of it before"
    opened(whole, key)
    ways = whole.corrections.ways(AN, key.number, key.year)
    assert ways is not None
    assert ways.request is not None
    (item,) = ways.request.items
    assert item.seat is not None
    assert (item.seat.name, item.stands, item.wrong) == ("documentNumber", "C1234567", "Số giấy tờ không khớp")
    assert ways.meanings[0] is Meaning.AMENDMENT_REQUESTED


def test_he_answers_with_form_14_that_begins_with_what_he_declared(whole: Components) -> None:
    key = declared(whole)
    asked(whole, key)
    opened(whole, key)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED)
    assert draft.answers.values["documentNumber"] == "C1234567"
    assert not draft.must_be_signed
    draft = changed(whole, draft, documentNumber="C7654321", reason="Gõ nhầm số hộ chiếu")
    assert told(whole, draft) == []
    assert [(each.name, each.before, each.after) for each in whole.drafts.forms.changed(draft)] == [
        ("documentNumber", "C1234567", "C7654321")
    ]
    sent = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings
    state, version, values = stands(whole, key)
    assert (state, version, values["documentNumber"]) == ("amended", 2, "C7654321")
    again = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert again == sent, "pressed twice it is one answer"
    with whole.database.reading() as connection:
        assert len(connection.execute(select(tables.amendment)).all()) == 1
        assert connection.execute(select(tables.amendment.c.requested)).scalar_one()


def test_without_a_change_or_a_reason_it_is_told_where(whole: Components) -> None:
    key = declared(whole)
    asked(whole, key)
    opened(whole, key)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED)
    found = told(whole, draft)
    assert ("amendment_content", "") in found
    assert [seat for _, seat in found if seat == "reason"] == ["reason"]


def test_a_fault_in_what_he_amends_is_told_at_its_field(whole: Components) -> None:
    key = declared(whole)
    asked(whole, key)
    opened(whole, key)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED)
    draft = changed(whole, draft, expectedReturn="2020-01-01", documentNumber="C7654321", reason="x")
    assert "expectedReturn" in [seat for _, seat in told(whole, draft)]
    sent = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    found = whole.drafts.outcome(CITIZEN, draft.public_id, sent.public_id)
    assert found is not None
    sketch = whole.drafts.forms.layout(draft)
    seats = [seat.name for each in found[1].findings if (seat := seat_of(sketch, each.pointer))]
    assert "expectedReturn" in seats


def test_own_discovery_waits_for_an_officer_and_comes_after_the_confirmation(whole: Components) -> None:
    key = declared(whole)
    whole.completion.complete(key, OFFICER)
    with pytest.raises(NotOffered):
        begun(whole, key, Meaning.AMENDMENT_OWN)
    opened(whole, key)
    draft = begun(whole, key, Meaning.AMENDMENT_OWN)
    draft = changed(whole, draft, documentNumber="C7654321", reason="Đổi hộ chiếu")
    assert whole.drafts.send(CITIZEN, draft.public_id, draft.message_key).outcome == "accepted"
    assert stands(whole, key)[1] == 1, "nothing is in force before it is approved"
    ways = whole.corrections.ways(AN, key.number, key.year)
    assert ways is not None
    assert ways.pending
    assert ways.meanings == ()
    with whole.database.reading() as connection:
        number = connection.execute(select(tables.amendment.c.number)).scalar_one()
    whole.amendments.approve(number, OFFICER)
    assert stands(whole, key)[2]["documentNumber"] == "C7654321"


def test_before_the_confirmation_a_declaration_is_replaced(whole: Components) -> None:
    key = declared(whole)
    draft = begun(whole, key, Meaning.REPLACEMENT)
    assert draft.key == key
    draft = changed(whole, draft, purpose="Chữa bệnh")
    assert told(whole, draft) == []
    sent = whole.drafts.send(CITIZEN, draft.public_id, draft.message_key)
    assert (sent.outcome, sent.reference) == ("accepted", str(key)), sent.findings
    assert stands(whole, key)[:2] == ("accepted", 2)
    assert stands(whole, key)[2]["purpose"] == "Chữa bệnh"


def test_what_was_confirmed_and_has_not_left_is_taken_back_by_a_replacement(whole: Components) -> None:
    """During DIRECT a confirmation of a window's dossier lies ready and has not left."""
    case = next(each for each in load_cases() if each.id == "BQP0100001/accepted-tour-group-entering")
    whole.intake.receive([submission(case, shared_pki())])
    key = dossier_of(case.message)
    whole.completion.complete(key, OFFICER)
    draft = begun(whole, key, Meaning.REPLACEMENT, HUONG)
    assert draft.must_be_signed
    draft = changed(whole, draft, groupName="Đoàn đổi tên")
    draft, prepared = whole.drafts.prepare(draft)
    draft, unlike = whole.drafts.take_signed(draft, signed(prepared))
    assert unlike == []
    sent = whole.drafts.send(OTHER, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings
    assert stands(whole, key)[:2] == ("accepted", 2)


def test_a_body_signs_its_amendment_and_a_removed_person_needs_the_complete_form(whole: Components) -> None:
    key = group_declared(whole)
    asked(whole, key, "/Envelope/Body/Content/GroupDeclaration/Persons")
    opened(whole, key, HUONG)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED, HUONG)
    assert draft.must_be_signed
    persons = draft.answers.rows["persons"]
    answers = draft.answers.without_row("persons", len(persons)).with_values({"reason": "Khách không đi"})
    draft = whole.drafts.save(draft, answers)
    draft, prepared = whole.drafts.prepare(draft)
    form = etree.fromstring(prepared).find("Body/Content/AmendmentDeclaration")
    assert form is not None
    assert form.find("Changes") is None
    assert len(form.findall("Replacement/GroupDeclaration/Persons/Person")) == len(persons) - 1
    draft, unlike = whole.drafts.take_signed(draft, signed(prepared))
    assert unlike == []
    sent = whole.drafts.send(OTHER, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings
    assert stands(whole, key)[1] == 2


def test_an_added_person_is_a_list_of_changes(whole: Components) -> None:
    key = group_declared(whole)
    asked(whole, key, None)
    opened(whole, key, HUONG)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED, HUONG)
    persons = draft.answers.rows["persons"]
    added = {**persons[0], "fullName": "LE VAN MOI", "documentNumber": "C7654321"}
    answers = draft.answers.with_rows("persons", (*persons, added)).with_values({"reason": "Thêm khách"})
    draft = whole.drafts.save(draft, answers)
    draft, prepared = whole.drafts.prepare(draft)
    form = etree.fromstring(prepared).find("Body/Content/AmendmentDeclaration")
    assert form is not None
    assert form.find("Replacement") is None
    assert {row.text for row in form.findall("Changes/Change/Row")} == {str(len(persons) + 1)}
    draft, _ = whole.drafts.take_signed(draft, signed(prepared))
    sent = whole.drafts.send(OTHER, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings


def test_a_ships_dossier_is_withdrawn(whole: Components) -> None:
    case = next(each for each in load_cases() if each.id == SHIP)
    whole.intake.receive([submission(case, shared_pki())])
    key = dossier_of(case.message)
    draft = begun(whole, key, Meaning.WITHDRAWAL, HUONG)
    assert draft.must_be_signed
    assert told(whole, draft) == []
    draft, prepared = whole.drafts.prepare(draft)
    draft, unlike = whole.drafts.take_signed(draft, signed(prepared))
    assert unlike == []
    sent = whole.drafts.send(OTHER, draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings
    assert stands(whole, key)[0] == "withdrawn"


def test_begun_twice_it_is_one_draft(whole: Components) -> None:
    key = declared(whole)
    first, second = (begun(whole, key, Meaning.REPLACEMENT) for _ in range(2))
    assert first.public_id == second.public_id
    assert len(whole.drafts.unsent(CITIZEN)) == 1
    ways = whole.corrections.ways(AN, key.number, key.year)
    assert ways is not None
    assert ways.begun == {Meaning.REPLACEMENT: first.public_id}


def test_a_draft_that_another_version_has_overtaken_is_not_sent(whole: Components) -> None:
    key = declared(whole)
    asked(whole, key)
    opened(whole, key)
    old = changed(whole, begun(whole, key, Meaning.REPLACEMENT), purpose="Chữa bệnh")
    answer = changed(whole, begun(whole, key, Meaning.AMENDMENT_REQUESTED), documentNumber="C7654321", reason="x")
    assert whole.drafts.send(CITIZEN, answer.public_id, answer.message_key).outcome == "accepted"
    with pytest.raises(Overtaken):
        whole.drafts.send(CITIZEN, old.public_id, old.message_key)
    assert whole.drafts.find(CITIZEN, old.public_id).sent_as is None, "it is kept, to be thrown away by him"
    assert begun(whole, key, Meaning.REPLACEMENT).public_id != old.public_id


def test_anothers_dossier_is_none_of_his(whole: Components) -> None:
    key = declared(whole)
    stranger = logged_in("001190004568", name="Ai đó")
    assert whole.corrections.ways(stranger, key.number, key.year) is None
    assert whole.corrections.begin(stranger, key.number, key.year, Meaning.REPLACEMENT) is None
    with pytest.raises(TurnedAway) as turned:
        whole.door.declare(
            citizen_message(reference=key.number, preReference=key.number, function="02"),
            Caller("001190004568", "0100109107"),
        )
    assert turned.value.why is Why.NUMBER


def test_a_colleague_of_the_organisation_amends_what_another_declared(whole: Components) -> None:
    key = group_declared(whole)
    colleague = logged_in("001190009999", ENTERPRISE, "Lê Văn Tư")
    asked(whole, key, None)
    opened(whole, key, colleague)
    draft = begun(whole, key, Meaning.AMENDMENT_REQUESTED, colleague)
    draft = changed(whole, draft, groupName="Đoàn đổi tên", reason="Sai tên đoàn")
    draft, prepared = whole.drafts.prepare(draft)
    draft, _ = whole.drafts.take_signed(draft, signed(prepared))
    sent = whole.drafts.send("001190009999", draft.public_id, draft.message_key)
    assert sent.outcome == "accepted", sent.findings


def test_while_the_window_works_it_is_told_and_the_draft_is_kept(whole: Components) -> None:
    key = declared(whole)
    draft = changed(whole, begun(whole, key, Meaning.REPLACEMENT), purpose="Chữa bệnh")
    whole.window.override(Sight.UP, reason="a test", actor=TESTER)
    ways = whole.corrections.ways(AN, key.number, key.year)
    assert ways is not None
    assert ways.takes in (PortalTakes.DRAFTS, PortalTakes.BEGUN, PortalTakes.ALL)
    assert whole.drafts.find(CITIZEN, draft.public_id).answers == draft.answers


def test_a_correction_of_the_windows_dossier_that_was_begun_in_the_outage_is_still_sent_here(whole: Components) -> None:
    key = declared(whole)
    with whole.database.transaction() as connection:
        mine = (tables.dossier.c.number == key.number, tables.dossier.c.year == key.year)
        connection.execute(update(tables.dossier).where(*mine).values(channel="window"))
    draft = changed(whole, begun(whole, key, Meaning.REPLACEMENT), purpose="Chữa bệnh")
    whole.window.override(Sight.UP, reason="a test", actor=TESTER)
    assert whole.window.state().mode is Mode.RECONCILING
    late = replace(draft, begun_at=whole.window.clock() + timedelta(seconds=1))
    assert whole.opening.of_draft(late) is PortalTakes.DRAFTS, "one that is begun now goes to the window"
    assert whole.opening.of_draft(draft) is PortalTakes.BEGUN
    assert whole.drafts.send(CITIZEN, draft.public_id, draft.message_key).outcome == "accepted"


def test_a_press_that_was_stored_and_not_noted_is_no_overtaken_draft(whole: Components) -> None:
    """The process dies after the door has stored the replacement and before the draft knows."""
    key = declared(whole)
    draft = changed(whole, begun(whole, key, Meaning.REPLACEMENT), purpose="Chữa bệnh")

    def dies(raw: bytes, caller: Caller) -> object:
        whole.door.declare(raw, caller)
        raise RuntimeError("the process is dead")

    with pytest.raises(RuntimeError):
        replace(whole.drafts, submit=dies).send(CITIZEN, draft.public_id, draft.message_key)  # type: ignore[arg-type]
    assert whole.drafts.send(CITIZEN, draft.public_id, draft.message_key).outcome == "accepted"
    assert stands(whole, key)[1] == 2
