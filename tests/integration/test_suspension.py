"""A suspended account is stopped in the middle of each act, and nothing of it is lost (QĐ 15/2019/QĐ-TTg Article 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store import own_dossiers, suspensions, tables, windows
from adapter.gateways.store.notification_records import NoticeArrival
from adapter.gateways.store.suspensions import SuspensionGround
from adapter.model.actor import Actor, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning
from adapter.services.access.people import Facts
from adapter.services.access.sessions import AccountHolder, Suspended
from adapter.services.access.tokens import Machine
from adapter.services.door.draft import Draft
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Caller
from adapter.services.door.shut import AccountShut, ShutForms
from adapter.services.notifications.overdue import OverdueNotifications
from adapter.services.registers.accounts import Accounts, SuspensionBasis
from adapter.services.watch.mode import Mode, Sight
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, load_cases, submission
from tests.harness.history import dossier_of
from tests.harness.people import TESTER, declarant, person
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, citizen_message
from tests.integration.test_drafts import begun, citizen, count
from tests.integration.test_own_corrections import AN, HUONG, SHIP, asked, declared, logged_in, opened, signed, stands

HERE, ELSEWHERE = "CK-HUUNGHI", "CK-MONGCAI"
REASON = "Nghi bị chiếm đoạt"
PLACES = pytest.mark.parametrize("unit", [HERE, None], ids=["at its gate", "everywhere"])


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    with gate(tmp_path_factory.mktemp("suspension")) as built:
        built.window.override(Sight.DOWN, reason="a test", actor=TESTER)
        yield built, Original(built.database)


@pytest.fixture
def whole(one: tuple[Components, Original]) -> Components:
    """The window is down by the operator's word, so that the door is open."""
    built, original = one
    original.put_back()
    return built


def suspended(whole: Components, unit: str | None, number: str = CITIZEN) -> None:
    whole.accounts.suspend(number, unit=unit, reason=REASON, actor=TESTER)


@contextmanager
def nothing_drawn_or_stored(whole: Components) -> Iterator[None]:
    before = [count(whole, table) for table in (tables.inbox, tables.dossier, tables.contingency)]
    yield
    assert [count(whole, table) for table in (tables.inbox, tables.dossier, tables.contingency)] == before


def hold(whole: Components, draft: Draft) -> object:
    return whole.presses.hold(draft.owner, draft.public_id, draft.message_key)


def send(whole: Components, draft: Draft) -> object:
    return whole.drafts.send(draft.owner, draft.public_id, draft.message_key)


ACTS: dict[str, Callable[[Components, Draft], object]] = {
    "begin": lambda whole, draft: begun(whole),
    "prepare": lambda whole, draft: whole.drafts.prepare(draft),
    "upload what was signed": lambda whole, draft: whole.drafts.take_signed(draft, b"<Envelope/>"),
    "send": send,
    "send as soon as the portal opens": hold,
    "send a file": lambda whole, draft: whole.drafts.send_file(CITIZEN, citizen_message()),
    "let a file wait": lambda whole, draft: whole.presses.hold_file(CITIZEN, citizen_message()),
}


@PLACES
@pytest.mark.parametrize("act", ACTS)
def test_a_suspended_account_is_stopped_in_the_middle_of_each_act(
    whole: Components, act: str, unit: str | None
) -> None:
    draft = citizen(whole)
    suspended(whole, unit)
    with nothing_drawn_or_stored(whole), pytest.raises(AccountShut, match=REASON) as told:
        ACTS[act](whole, draft)
    assert (told.value.why, REASON in told.value.vi) == (Why.SUSPENDED, True)
    assert whole.drafts.find(CITIZEN, draft.public_id).answers == draft.answers, "nothing is lost"
    whole.accounts.restore(CITIZEN, unit=None, reason="Đã xác minh", actor=TESTER)
    assert send(whole, draft).outcome == "accepted"  # type: ignore[attr-defined]


@pytest.mark.parametrize("act", [act for act in ACTS if act != "upload what was signed"])
def test_at_another_gate_nothing_is_shut(whole: Components, act: str) -> None:
    draft = citizen(whole)
    suspended(whole, ELSEWHERE)
    assert ACTS[act](whole, draft)


def about_a_dossier(whole: Components, meaning: Meaning) -> tuple[Actor, DossierKey]:
    """Whose dossier it is, of which this can be said now."""
    if meaning is Meaning.WITHDRAWAL:
        case = next(each for each in load_cases() if each.id == SHIP)
        whole.intake.receive([submission(case, shared_pki())])
        return HUONG, dossier_of(case.message)
    key = declared(whole)
    if meaning is Meaning.AMENDMENT_REQUESTED:
        asked(whole, key)
        opened(whole, key)
    return AN, key


@PLACES
@pytest.mark.parametrize("meaning", [Meaning.REPLACEMENT, Meaning.AMENDMENT_REQUESTED, Meaning.WITHDRAWAL])
def test_a_dossier_is_not_corrected_answered_for_or_withdrawn(
    whole: Components, meaning: Meaning, unit: str | None
) -> None:
    actor, key = about_a_dossier(whole, meaning)
    assert actor.number is not None
    draft = whole.corrections.begin(actor, key.number, key.year, meaning)
    assert draft is not None
    with whole.database.reading() as connection:
        row = own_dossiers.find(connection, key.number, key.year)
    assert row is not None
    suspended(whole, unit and row.unit, actor.number)
    for act in (send, hold, lambda components, mine: components.drafts.prepare(mine)):
        with nothing_drawn_or_stored(whole), pytest.raises(AccountShut):
            act(whole, draft)
    whole.drafts.discard(actor.number, draft.public_id)
    with pytest.raises(AccountShut):
        whole.corrections.begin(actor, key.number, key.year, meaning)


MOVES = [Meaning.REPLACEMENT, Meaning.AMENDMENT_REQUESTED]
GATES = {HERE: "HUUNGHI", ELSEWHERE: "MONGCAI"}


@pytest.mark.parametrize("unit", GATES)
@pytest.mark.parametrize("meaning", MOVES)
def test_a_dossier_is_moved_neither_from_a_shut_gate_nor_to_one(
    whole: Components, meaning: Meaning, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, key = about_a_dossier(whole, meaning)
    assert actor.number is not None
    draft = whole.corrections.begin(actor, key.number, key.year, meaning)
    assert draft is not None
    moved = {"gate": GATES[ELSEWHERE], "borderUnit": ELSEWHERE, "reason": "Đi cửa khẩu khác"}
    draft = whole.drafts.save(draft, draft.answers.with_values(moved))
    before = stands(whole, key)
    suspended(whole, unit, actor.number)
    with nothing_drawn_or_stored(whole), pytest.raises(AccountShut):
        send(whole, draft)
    monkeypatch.setattr(ShutForms, "of_draft", lambda *_: None)
    assert send(whole, draft).outcome == "refused"  # type: ignore[attr-defined]
    assert stands(whole, key) == before


def withdrawal(key: DossierKey) -> bytes:
    """Of the ship's dossier."""
    raw = next(each for each in load_cases() if each.id == "BQP0100007/accepted-withdrawn-after-acceptance").message
    return raw.replace(dossier_of(raw).number.encode(), key.number.encode())


def withdrawn_by_the_citizen(key: DossierKey) -> bytes:
    """He states and signs for himself."""
    said = withdrawal(key).replace(OTHER.encode(), CITIZEN.encode()).replace(ENTERPRISE.encode(), CITIZEN.encode())
    return sign_message(said, system=None, declarant=shared_pki().party("citizen"))


def test_a_withdrawal_that_states_another_unit_withdraws_nothing_of_a_shut_gate(whole: Components) -> None:
    actor, key = about_a_dossier(whole, Meaning.WITHDRAWAL)
    before = stands(whole, key)
    own = before[2]["borderUnit"]
    assert own != ELSEWHERE
    raw = withdrawal(key).replace(own.encode(), ELSEWHERE.encode())
    suspended(whole, own, actor.number)  # type: ignore[arg-type]
    assert whole.door.declare(signed(raw), Caller(OTHER, ENTERPRISE)).outcome == "refused"
    assert stands(whole, key) == before


@PLACES
def test_a_withdrawal_that_states_another_principal_withdraws_nothing_of_a_suspended_one(
    whole: Components, unit: str | None
) -> None:
    """Whoever is authorised states himself instead; without the suspension he may."""
    whole.grants.give(logged_in("001088007890", ENTERPRISE), CITIZEN, "UQ-1", until=None, procedures=())
    _, key = about_a_dossier(whole, Meaning.WITHDRAWAL)
    before = stands(whole, key)
    raw = withdrawn_by_the_citizen(key)
    suspended(whole, unit and before[2]["borderUnit"], ENTERPRISE)
    assert whole.door.declare(raw, Caller(CITIZEN)).outcome == "refused"
    assert stands(whole, key) == before
    whole.accounts.restore(ENTERPRISE, unit=unit and before[2]["borderUnit"], reason="Đã xác minh", actor=TESTER)
    again = raw.replace(b"346923b6", b"346923b7")
    assert whole.door.declare(again, Caller(CITIZEN)).outcome == "accepted"


@PLACES
def test_what_waits_for_the_portal_to_open_comes_back_with_the_reason(whole: Components, unit: str | None) -> None:
    whole.window.end_override(actor=TESTER)
    gone = replace(whole.window, patience=replace(whole.window.patience, broker_down_s=0))
    gone.refresh(broker_up=False, started_at=gone.clock())
    with whole.database.transaction() as connection:
        windows.write(connection, stage=Mode.SUSPECT.value, mode=Sight.UNKNOWN.value, opened_at=None)
    draft = citizen(whole)
    whole.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    suspended(whole, unit)
    whole.window.override(Sight.DOWN, reason="confirmed", actor=TESTER)
    with nothing_drawn_or_stored(whole):
        assert whole.presses.send_due() == 0
    back = whole.drafts.find(CITIZEN, draft.public_id)
    assert (back.waits_since, back.held_back is not None and REASON in back.held_back.vi) == (None, True)


@pytest.mark.parametrize("number", [CITIZEN, ENTERPRISE], ids=["the person", "the enterprise"])
def test_whoever_acts_for_somebody_is_stopped_with_either_account(whole: Components, number: str) -> None:
    """A principal's other representatives are not touched by the suspension of one; by the principal's own they are."""
    procedure = next(each for each in whole.drafts.offered() if each.code == "BQP0100001")

    def begin(owner: str) -> Draft:
        return whole.drafts.begin(owner, procedure, "HUUNGHI", {}, acts_for=ENTERPRISE)

    suspended(whole, HERE, number)
    with pytest.raises(AccountShut):
        begin(CITIZEN)
    if number == CITIZEN:
        assert begin(OTHER).acts_for == ENTERPRISE
    else:
        with pytest.raises(AccountShut):
            begin(OTHER)


def test_a_session_ends_though_whoever_suspends_cannot_touch_it_and_does_not_come_back(whole: Components) -> None:
    """As from the inner network, whose role of the database sees no session of the portal."""
    holder = AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None)
    secret, untouched = whole.sessions.start(holder), whole.sessions.start(holder)
    with whole.database.transaction() as connection:
        values = {"unit": None, "reason": REASON, "officer": "x", "since": whole.legal_clock()}
        suspensions.add(connection, whole.database, number=CITIZEN, **values)
    assert whole.sessions.find(secret) is None
    with pytest.raises(Suspended):
        whole.sessions.start(holder)
    whole.accounts.restore(CITIZEN, unit=None, reason="Đã xác minh", actor=TESTER)
    assert whole.sessions.find(secret) is None
    assert whole.sessions.find(untouched) is not None


def test_a_suspended_principal_is_not_among_those_for_whom_one_acts(whole: Components) -> None:
    whole.grants.give(logged_in("001088007890", ENTERPRISE), CITIZEN, "UQ-1", until=None, procedures=())
    secret = whole.sessions.start(AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None))
    session = whole.sessions.find(secret)
    assert session is not None
    whole.sessions.act_for(session, ENTERPRISE)
    suspended(whole, None, ENTERPRISE)
    session = whole.sessions.find(secret)
    assert session is not None
    assert session.actor is not None
    assert (session.actor.principals, session.actor.on_behalf_of) == ((), None)


def test_a_machine_s_token_stops_with_the_account_and_works_again_with_it(whole: Components) -> None:
    _, secret = whole.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    _, another = whole.tokens.issue(Machine.DECLARANT, "another", OTHER, actor=TESTER)
    suspended(whole, HERE)
    assert whole.tokens.authenticate(secret), "at one gate the door refuses, with the reason"
    suspended(whole, None, OTHER)
    with pytest.raises(TurnedAway, match=REASON):
        whole.tokens.authenticate(another)
    assert whole.tokens.authenticate(secret), "others are not touched"
    whole.accounts.restore(OTHER, unit=None, reason="Đã xác minh", actor=TESTER)
    assert whole.tokens.authenticate(another)


def test_by_token_at_a_shut_gate_the_refusal_is_stored_with_its_reason(whole: Components) -> None:
    suspended(whole, HERE)
    refused = whole.door.submit(citizen_message(), declarant(CITIZEN))
    assert refused.outcome == "refused"
    with whole.database.reading() as connection:
        (row,) = connection.execute(select(tables.inbox))
    assert any(REASON in each["vi"] for each in row.findings)


# -- what only the draft knows (dự thảo): each is off unless configured ------------------------------------

COMMANDER = person("don-truong", Role.COMMANDER, name="LE QUANG MINH", rank="Trung tá", unit=HERE)
DEPUTY = person("pho-don", Role.DEPUTY, name="PHAM VAN DUC", rank="Thiếu tá", unit=HERE)
ASKED_FOR = SuspensionBasis(SuspensionGround.PRINCIPAL, "CV-12", ENTERPRISE)


def register_staff(whole: Components) -> None:
    for each, role in (
        (person("admin", Role.ADMINISTRATOR), "administrator"),
        (COMMANDER, "commander"),
        (DEPUTY, "deputy"),
    ):
        whole.people.add(each.id, Facts(each.name or "ADMIN", (role,), each.rank, unit=each.unit), actor=TESTER)


def with_deputies(whole: Components) -> Accounts:
    return replace(whole.accounts, delegations=replace(whole.delegations, is_on=True))


def test_as_in_force_no_deputy_decides_no_body_asks_and_no_body_is_told(whole: Components) -> None:
    register_staff(whole)
    until = whole.legal_clock() + timedelta(days=1)
    with pytest.raises(NotAllowed, match=r"accounts\.deputy"):
        whole.delegations.grant(DEPUTY.id, "QĐ-1", valid_to=until, actor=COMMANDER)
    with pytest.raises(NoRight):
        whole.accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)
    with pytest.raises(NotAllowed, match=r"accounts\.principal_request"):
        whole.accounts.suspend(CITIZEN, unit=HERE, reason=REASON, basis=ASKED_FOR, actor=COMMANDER)
    made = whole.accounts.suspend(
        CITIZEN, unit=HERE, reason=REASON, basis=SuspensionBasis(document="QĐ-7", principal=ENTERPRISE), actor=COMMANDER
    )
    assert (made.told, made.document, made.decided_by) == ((CITIZEN,), "QĐ-7", made.decided_by)
    assert made.decided_by is not None
    assert made.decided_by.startswith("Trung tá LE QUANG MINH, ")
    (notice,) = whole.accounts.told(actor=COMMANDER)
    assert notice.arrival is not None
    assert notice.arrival.due_at is None


def test_a_deputy_decides_by_delegation_in_its_unit_and_period_until_it_is_ended(whole: Components) -> None:
    register_staff(whole)
    accounts, now = with_deputies(whole), whole.legal_clock()
    delegations = accounts.delegations
    with pytest.raises(NoRight):
        accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)
    tomorrow, later = now + timedelta(days=1), now + timedelta(days=2)
    not_yet = delegations.grant(DEPUTY.id, "QĐ-1", valid_from=tomorrow, valid_to=later, actor=COMMANDER)
    with pytest.raises(NoRight):
        accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)
    delegations.end(not_yet, actor=COMMANDER)
    row_id = delegations.grant(DEPUTY.id, "QĐ-2", valid_to=tomorrow, actor=COMMANDER)
    accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)
    accounts.restore(CITIZEN, unit=HERE, reason="Đã xác minh", actor=DEPUTY)
    with whole.database.reading() as connection:
        details = list(
            connection.execute(select(tables.journal.c.detail).where(tables.journal.c.event.like("account.%")))
        )
    assert [(each.detail["delegation"], each.detail["delegated_by"]) for each in details] == [(row_id, "QĐ-2")] * 2
    expired = replace(accounts, clock=lambda: later)
    for over in (expired, accounts):
        if over is accounts:
            delegations.end(row_id, actor=COMMANDER)
        with pytest.raises(NoRight):
            over.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)
    with pytest.raises(NoRight):
        whole.accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=DEPUTY)


def test_only_the_head_of_the_unit_delegates_and_only_to_its_deputy(whole: Components) -> None:
    register_staff(whole)
    delegations, until = with_deputies(whole).delegations, whole.legal_clock() + timedelta(days=1)
    with pytest.raises(NoRight):
        delegations.grant(DEPUTY.id, "QĐ-1", valid_to=until, actor=DEPUTY)
    other = person("khac", Role.COMMANDER, unit=ELSEWHERE)
    for to, actor, document, ends in (
        (DEPUTY.id, other, "QĐ-1", until),
        (COMMANDER.id, COMMANDER, "QĐ-1", until),
        ("nobody", COMMANDER, "QĐ-1", until),
        (DEPUTY.id, COMMANDER, " ", until),
        (DEPUTY.id, COMMANDER, "QĐ-1", whole.legal_clock()),
    ):
        with pytest.raises(NotAllowed):
            delegations.grant(to, document, valid_to=ends, actor=actor)
    assert delegations.list(actor=COMMANDER) == []


def test_the_request_of_a_body_stops_what_is_done_for_it_and_nothing_else(whole: Components) -> None:
    accounts = replace(whole.accounts, by_request=True)
    with pytest.raises(NotAllowed, match="number of the body"):
        accounts.suspend(CITIZEN, unit=None, reason=REASON, basis=replace(ASKED_FOR, principal=""), actor=TESTER)
    own = AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None)
    of_the_firm = replace(own, subject="firm", tax_code=ENTERPRISE)
    sessions = [whole.sessions.start(each) for each in (own, of_the_firm)]
    accounts.suspend(CITIZEN, unit=None, reason=REASON, basis=ASKED_FOR, actor=TESTER)
    assert [whole.sessions.find(each) is not None for each in sessions] == [True, False]
    assert send(whole, citizen(whole)).outcome == "accepted"  # type: ignore[attr-defined]
    procedure = next(each for each in whole.drafts.offered() if each.code == "BQP0100001")
    with pytest.raises(AccountShut):
        whole.drafts.begin(CITIZEN, procedure, "HUUNGHI", {}, acts_for=ENTERPRISE)
    assert whole.drafts.begin(OTHER, procedure, "HUUNGHI", {}, acts_for=ENTERPRISE), "its other people are not touched"
    accounts.suspend(CITIZEN, unit=None, reason=REASON, actor=TESTER)
    assert whole.sessions.find(sessions[0]) is None, "a risk is another ground, and stops everything"


def test_at_a_body_s_request_nobody_whom_it_authorised_acts_for_it_or_changes_its_dossiers(whole: Components) -> None:
    """He states himself instead, and has a session of his own."""
    whole.grants.give(logged_in("001088007890", ENTERPRISE), CITIZEN, "UQ-1", until=None, procedures=())
    _, key = about_a_dossier(whole, Meaning.WITHDRAWAL)
    before, raw = stands(whole, key), withdrawn_by_the_citizen(key)
    secret = whole.sessions.start(AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None))

    def acts_for() -> tuple[str, ...]:
        session = whole.sessions.find(secret)
        assert session is not None
        assert session.actor is not None
        return session.actor.principals

    assert acts_for() == (ENTERPRISE,)
    replace(whole.accounts, by_request=True).suspend(CITIZEN, unit=None, reason=REASON, basis=ASKED_FOR, actor=TESTER)
    assert acts_for() == ()
    assert whole.door.declare(raw, Caller(CITIZEN)).outcome == "refused"
    assert stands(whole, key) == before


def test_a_body_s_request_stops_no_token_that_is_asked_about_together_with_the_body_s(whole: Components) -> None:
    """Tokens are looked up in groups of callers who know nothing of each other."""
    accounts = replace(whole.accounts, by_request=True)
    accounts.suspend(CITIZEN, unit=None, reason=REASON, basis=ASKED_FOR, actor=TESTER)
    accounts.suspend(ENTERPRISE, unit=HERE, reason=REASON, actor=TESTER)
    accounts.suspend(OTHER, unit=None, reason=REASON, actor=TESTER)
    numbers = (CITIZEN, ENTERPRISE, OTHER)
    secrets = [whole.tokens.issue(Machine.DECLARANT, number, number, actor=TESTER)[1] for number in numbers]
    found = whole.tokens._by_hash([hashlib.sha256(secret.encode()).hexdigest() for secret in secrets])
    assert [type(each) for each in found] == [Actor, Actor, suspensions.Suspension]


def test_person_and_body_are_told_in_two_hours_and_a_list_says_whom_nothing_has_reached(whole: Components) -> None:
    notices = replace(whole.suspension_notices, hours=2.0, to_principals=True)
    accounts = replace(whole.accounts, notices=notices)
    whole.grants.give(logged_in("001088007890", ENTERPRISE), CITIZEN, "UQ-1", until=None, procedures=())
    accounts.suspend(CITIZEN, unit=HERE, reason=REASON, actor=TESTER)
    told = accounts.told(actor=TESTER)
    due = whole.legal_clock() + timedelta(hours=2)
    assert {(each.number, each.arrival.due_at if each.arrival else None) for each in told} == {
        (CITIZEN, due),
        (ENTERPRISE, due),
    }
    page = whole.inbox.page(logged_in("001088007890", ENTERPRISE))
    (shown,) = [each for each in page.notifications if REASON in each.text.vi]
    assert CITIZEN in shown.text.vi
    assert REASON in shown.text.vi
    assert CITIZEN not in (shown.title.vi + shown.title.en)
    whole.inbox.read(AN, whole.inbox.page(AN).unread)
    left = [each.number for each in accounts.told(actor=TESTER) if each.arrival and not each.arrival.has_arrived]
    assert left == [ENTERPRISE]
    late = OverdueNotifications(whole.database, lambda: due, whole.observe)
    assert late.watch() == 1, "the clock alerts of it, once"
    assert late.watch() == 0
    accounts.restore(CITIZEN, unit=HERE, reason="Đã xác minh", actor=TESTER)
    assert [(each.number, each.occasion) for each in accounts.told(actor=TESTER)][2:] == [
        (CITIZEN, "restored"),
        (ENTERPRISE, "restored"),
    ]


@pytest.mark.parametrize(
    ("read", "sent", "arrived"), [(None, 0, False), (None, 1, True), (CLOCK, 0, True)], ids=["neither", "mail", "read"]
)
def test_a_notice_has_arrived_once_it_is_read_or_a_mail_server_has_taken_it(
    read: datetime | None, sent: int, arrived: bool
) -> None:
    notice = NoticeArrival(CITIZEN, "x", CLOCK, None, read, mails=2, sent=sent, failed=1)
    assert notice.has_arrived is arrived
