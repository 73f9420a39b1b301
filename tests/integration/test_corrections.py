"""Corrections before a confirmation has left, and requests to amend that an officer withdraws, on both databases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.broker import Confirmed, Outgoing, Verdict
from adapter.gateways.store import lookups
from adapter.gateways.store.tables import confirmation, deadline, journal, outbox
from adapter.model.actor import EVERYWHERE
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.identifiers import Digest, DossierKey, ProcedureCode
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import hour_and_day
from adapter.services.dossiers.check_code import ConfirmationChecks, check_code
from adapter.services.messages.item import Settled
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.deadlines import RunningDeadline
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, Case, load_cases, signed, submission
from tests.harness.history import ITEMS, OFFICER, Desk, dossier_of, told_again
from tests.harness.people import TESTER, anybody, customs, declarant
from tests.harness.pki import shared_pki

CASES = {case.id: case for case in load_cases()}
ANSWER = "BQP0100003/accepted-on-request"
SHIP_WITHDRAWAL = "BQP0100007/accepted-withdrawn-after-acceptance"
CITIZEN = DossierKey("PROOF1", 2026)


class Broker:
    """Confirms what it is given, and keeps it. With `dies` it takes everything and its answer never comes."""

    def __init__(self, *, dies: bool = False) -> None:
        self.got: list[Outgoing] = []
        self._dies = dies

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        self.got += batch
        if self._dies:
            raise Unavailable("the connection is gone")
        return [Confirmed() for _ in batch]


def dispatch(whole: Components, broker: Broker) -> None:
    """Until nothing may leave any more."""
    rounds = Dispatch(whole.database, broker, lambda: CLOCK, whole.observe, most_unconfirmed=100)
    while rounds.round(transfers=True).sent:
        pass


def declare(whole: Components, name: int | str, function: str = "01", second: int = 58) -> Settled:
    """A citizen's declaration of the dossier, or a newer version of it."""
    sent = f"2026-03-02 07:14:{second}"
    message = declaration(name, reference=CITIZEN.number, function=function, sent=sent)
    (settled,) = whole.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
    return settled


def replies(whole: Components) -> list[str]:
    """Every reply about the dossier that left or may leave, in its order; copies have none."""
    mine = (outbox.c.dossier_id.is_not(None), outbox.c.taken_back_at.is_(None))
    query = select(outbox).where(*mine).order_by(outbox.c.ordinal)
    with whole.database.transaction() as connection:
        return [f"{row.type}/{row.function}" for row in connection.execute(query)]


def events(whole: Components) -> list[str]:
    query = select(journal).where(journal.c.dossier_id.is_not(None)).order_by(journal.c.ordinal)
    with whole.database.transaction() as connection:
        return [row.event for row in connection.execute(query)]


def names(findings: Settled) -> list[str]:
    return [finding.name for finding in findings.findings]


def test_a_confirmation_that_has_not_left_is_taken_back_by_a_newer_version_and_never_sent(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    assert declare(whole, 2, "02", 59).outcome.value == "accepted"

    assert replies(whole) == ["20/21", "20/21"]
    assert events(whole)[-2:] == ["confirmation.taken_back", "message.accepted"]
    broker = Broker()
    dispatch(whole, broker)
    assert [message.routing_key for message in broker.got] == ["BQP0100002.20.21", "BQP0100002.20.21"]
    assert whole.completion.complete(CITIZEN, OFFICER).version == 2
    with whole.database.transaction() as connection:
        duties = connection.execute(select(deadline).where(deadline.c.kind == "confirm_within")).all()
    assert sorted(str(row.why) for row in duties) == ["None", "lapsed"]


def test_a_duplicate_of_the_first_version_is_not_answered_with_what_was_taken_back(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    declare(whole, 2, "02", 59)
    assert declare(whole, 1).duplicate
    with whole.database.transaction() as connection:
        copies = connection.execute(select(outbox.c.function).where(outbox.c.copy_of.is_not(None))).scalars().all()
    assert copies == ["21"]


def test_a_duplicate_brings_no_copy_of_a_confirmation_that_may_still_be_taken_back(whole: Components) -> None:
    """The copy would leave though the confirmation was taken back, or before it and be called unsent."""
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    assert declare(whole, 1).duplicate
    declare(whole, 2, "02", 59)
    broker = Broker()
    dispatch(whole, broker)
    assert sorted(message.routing_key[-5:] for message in broker.got) == ["20.21", "20.21", "20.21"]


def test_a_duplicate_of_an_answered_declaration_is_answered_with_its_confirmation_too(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    dispatch(whole, Broker())
    assert declare(whole, 1).duplicate
    broker = Broker()
    dispatch(whole, broker)
    assert sorted(message.routing_key[-5:] for message in broker.got) == ["20.21", "30.23"]


def test_a_confirmation_that_has_left_is_amended_and_not_replaced(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    dispatch(whole, Broker())
    late = declare(whole, 2, "02", 59)
    assert (late.outcome.value, names(late)) == ("rejected", ["wrong_state"])
    assert replies(whole)[:2] == ["20/21", "30/23"]


def test_form_15_that_has_not_left_is_taken_back_by_a_newer_version_with_the_amendment(whole: Components) -> None:
    case = CASES[ANSWER]
    key = dossier_of(case.message)
    declared = CASES["BQP0100001/accepted-tour-group-entering"]
    send(whole, declared, key)
    whole.amendments.request(key, OFFICER, reason="Sai", items=ITEMS)
    dispatch(whole, Broker())
    send(whole, Desk(whole).filled(case), key)
    assert whole.completion.complete(key, OFFICER).state == "completed_amended"

    assert send(whole, newer(declared), key).outcome.value == "accepted"
    life = dossier_reader(whole).life(key, personal=False, actor=TESTER)
    assert life.dossier.state == "accepted"
    assert sorted(str(due.standing) for due in life.deadlines) == ["lapsed", "lapsed", "met", "running"]
    broker = Broker()
    dispatch(whole, broker)
    assert [message.routing_key[-5:] for message in broker.got] == ["20.21", "20.21"]


def test_a_newer_version_takes_the_confirmation_back_though_an_amendment_was_asked_for_since(whole: Components) -> None:
    declare(whole, 1)
    dispatch(whole, Broker())
    whole.completion.complete(CITIZEN, OFFICER)
    whole.amendments.request(CITIZEN, OFFICER, reason="Sai", items=ITEMS)
    assert declare(whole, 2, "02", 59).outcome.value == "accepted"
    broker = Broker()
    dispatch(whole, broker)
    assert [message.routing_key[-5:] for message in broker.got] == ["20.21"]


def test_an_amendment_that_waits_for_approval_is_void_once_its_declaration_is_replaced(whole: Components) -> None:
    """Nobody could decide it any more, and nothing else could be asked while it waited."""
    own = CASES["BQP0100003/accepted-own-discovery-waits-for-approval"]
    declared, key = CASES["BQP0100001/accepted-tour-group-entering"], dossier_of(own.message)
    send(whole, declared, key)
    whole.completion.complete(key, OFFICER)
    send(whole, own, key)
    assert send(whole, newer(declared), key).outcome.value == "accepted"
    assert whole.amendments.listed(everything=False, limit=9, actor=TESTER) == []
    (void,) = whole.amendments.listed(everything=True, limit=9, actor=TESTER)
    assert void.state == "declined"
    whole.amendments.request(key, OFFICER, reason="Sai", items=ITEMS)


def test_what_form_14_brought_is_confirmed_by_form_15_though_more_was_asked_since(whole: Components) -> None:
    case = CASES[ANSWER]
    key = dossier_of(case.message)
    send(whole, CASES["BQP0100001/accepted-tour-group-entering"], key)
    whole.amendments.request(key, OFFICER, reason="Sai", items=ITEMS)
    send(whole, Desk(whole).filled(case), key)
    whole.amendments.request(key, OFFICER, reason="Còn thiếu", items=ITEMS)
    assert whole.completion.complete(key, OFFICER).state == "completed_amended"
    assert replies(whole)[-1] == "30/28"


def test_an_older_declaration_does_not_declare_anew_what_was_refused(whole: Components) -> None:
    declare(whole, 1, second=58)
    whole.completion.refuse(CITIZEN, OFFICER, reason="Không đủ điều kiện")
    late = declare(whole, 2, second=50)
    assert (late.outcome.value, names(late)) == ("rejected", ["older_version"])


def test_a_confirmation_that_a_dispatcher_has_in_hand_counts_as_left_though_it_died(whole: Components) -> None:
    """It may be with the window already: it is sent again, and never called unsent."""
    declare(whole, 1)
    dispatch(whole, Broker())
    whole.completion.complete(CITIZEN, OFFICER)
    with pytest.raises(Unavailable):
        dispatch(whole, Broker(dies=True))
    late = declare(whole, 2, "02", 59)
    assert (late.outcome.value, names(late)) == ("rejected", ["wrong_state"])
    broker = Broker()
    dispatch(whole, broker)
    assert broker.got[0].routing_key == "BQP0100002.30.23"


def test_a_replacement_that_is_rejected_takes_nothing_back(whole: Components) -> None:
    declare(whole, 1, second=59)
    whole.completion.complete(CITIZEN, OFFICER)
    older = declare(whole, 2, "02", 57)
    assert names(older) == ["older_version"]
    assert "30/23" in replies(whole)
    assert "confirmation.taken_back" not in events(whole)


def test_what_was_refused_is_declared_again_under_its_number_and_both_versions_are_kept(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.refuse(CITIZEN, OFFICER, reason="Không đủ điều kiện")
    again = declare(whole, 2, second=59)
    assert again.outcome.value == "accepted"
    assert replies(whole) == ["20/21", "20/22", "20/21"]
    assert whole.completion.complete(CITIZEN, OFFICER).version == 2


def test_a_request_without_an_item_is_turned_down(whole: Components) -> None:
    declare(whole, 1)
    with pytest.raises(NotAllowed, match="at least one item"):
        whole.amendments.request(CITIZEN, OFFICER, reason="Sai", items=())


def test_a_request_that_is_withdrawn_before_it_has_left_is_never_sent(whole: Components) -> None:
    declare(whole, 1)
    dispatch(whole, Broker())
    whole.amendments.request(CITIZEN, OFFICER, reason="Sai", items=ITEMS)
    by_command = anybody(OFFICER.id)  # `dossier withdraw-request` asks for no name: nothing is signed
    assert whole.amendments.withdraw(CITIZEN, by_command, reason="Nhầm hồ sơ").state == "accepted"

    broker = Broker()
    dispatch(whole, broker)
    assert broker.got == []
    assert [due.standing for due in _hours(whole)] == ["withdrawn"]
    whole.completion.complete(CITIZEN, OFFICER)
    assert _remarks(whole) is None, "the declarant has never heard of it"


def test_a_request_that_has_left_is_ended_and_the_next_confirmation_names_it(whole: Components) -> None:
    declare(whole, 1)
    whole.amendments.request(CITIZEN, OFFICER, reason="Sai", items=ITEMS)
    dispatch(whole, Broker())
    number = _newest(whole).findtext("Body/Content/AmendmentRequest/RequestNumber")
    assert whole.amendments.withdraw(CITIZEN, OFFICER, reason="Nhầm hồ sơ").state == "accepted"
    assert [due.standing for due in _hours(whole)] == ["withdrawn"]
    assert events(whole)[-1] == "dossier.withdraw_request"
    with pytest.raises(NotAllowed):
        whole.amendments.withdraw(CITIZEN, OFFICER, reason="Lần nữa")

    whole.completion.complete(CITIZEN, OFFICER, remarks="Đã kiểm tra.")
    remarks = _remarks(whole)
    assert remarks is not None
    told = f"Yêu cầu sửa đổi, bổ sung số {number} đã được rút lúc {hour_and_day(CLOCK)}."
    assert remarks == f"Đã kiểm tra. {told}"


def test_an_answer_to_a_request_that_was_withdrawn_is_judged_as_own_discovery(whole: Components) -> None:
    """After the confirmation: it needs an officer's approval (Article 11(1)(a))."""
    case = CASES[ANSWER]
    key = dossier_of(case.message)
    send(whole, CASES["BQP0100001/accepted-tour-group-entering"], key)
    whole.completion.complete(key, OFFICER)
    dispatch(whole, Broker())
    whole.amendments.request(key, OFFICER, reason="Sai", items=ITEMS)
    dispatch(whole, Broker())
    answer = Desk(whole).filled(case)
    assert whole.amendments.withdraw(key, OFFICER, reason="Nhầm hồ sơ").state == "completed"

    settled = send(whole, answer, key)
    assert settled.outcome.value == "accepted", settled
    (waiting,) = whole.amendments.listed(everything=False, limit=9, actor=TESTER)
    assert whole.amendments.approve(waiting.number, OFFICER).state == "amended"


def newer(case: Case) -> Case:
    """The same declared again a second later (10/02)."""
    message = case.message.replace(b"<function>01<", b"<function>02<")
    message = re.sub(rb"<sendDate>[^<]*", b"<sendDate>2026-03-02 07:15:00", message)
    return replace(case, message=re.sub(rb"<messageId>[0-9a-f]{8}", b"<messageId>00000000", message))


def send(whole: Components, case: Case, key: DossierKey) -> Settled:
    message = case.message.replace(dossier_of(case.message).number.encode(), key.number.encode())
    body = signed(replace(case, message=message), shared_pki())
    (settled,) = whole.intake.receive(
        [Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest()))]
    )
    return settled


def _newest(whole: Components) -> etree._Element:
    query = select(outbox.c.body).where(outbox.c.dossier_id.is_not(None)).order_by(outbox.c.ordinal.desc()).limit(1)
    with whole.database.transaction() as connection:
        return etree.fromstring(connection.execute(query).scalar_one())


def _remarks(whole: Components) -> str | None:
    return _newest(whole).findtext("Body/Content/Completion/CitizenConfirmation/Remarks")


def _hours(whole: Components) -> list[RunningDeadline]:
    life = dossier_reader(whole).life(CITIZEN, personal=False, actor=TESTER)
    return [due for due in life.deadlines if due.name == "answer"]


def test_what_the_declarant_has_read_on_the_portal_is_sent_and_not_taken_back(whole: Components) -> None:
    """Article 10(1)(b): completion is the time at which he receives the confirmation, by whichever way."""
    declared = declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)
    with whole.database.reading() as connection:
        who = lookups.identities(connection, CITIZEN)
    assert who
    read = whole.declarations.read(declared.public_id, declarant(who[0]))
    assert read is not None
    assert [answer.kind for answer in read.answers] == ["Acceptance", "Completion"]

    assert names(declare(whole, 2, "02", 59)) == ["wrong_state"]
    assert replies(whole) == ["20/21", "30/23"]
    with whole.database.transaction() as connection:
        (duty,) = connection.execute(select(deadline).where(deadline.c.kind == "confirm_within")).all()
        (kept,) = connection.execute(select(outbox).where(outbox.c.kind == "Completion")).all()
    assert (duty.why, duty.ended_at) == ("answered", CLOCK)
    assert (kept.sent_at, kept.readable_at, kept.delivered_at) == (None, CLOCK, CLOCK)


def test_customs_are_not_handed_what_may_still_be_taken_back(whole: Components) -> None:
    declare(whole, 1)
    whole.completion.complete(CITIZEN, OFFICER)

    def handed() -> str:
        decided = whole.searches.decision(CITIZEN.number, CITIZEN.year, None, customs(EVERYWHERE))
        assert decided is not None
        return str(etree.fromstring(decided.reply.body)[1][0][0].tag)

    assert handed() == "Acceptance"
    dispatch(whole, Broker())
    assert handed() == "Completion"


def withdrawn(whole: Components, case: Case) -> Settled:
    """The declaration of a case is accepted, confirmed and confirmed to the window; then its withdrawal comes."""
    (first, *_) = (step for step in range(len(case.before)) if case.before[step].send)
    whole.intake.receive([submission(told_again(case, first, CASES), shared_pki())])
    key = dossier_of(case.message)
    whole.completion.accept(key, OFFICER)
    whole.completion.complete(key, OFFICER)
    dispatch(whole, Broker())
    (settled,) = whole.intake.receive([submission(case, shared_pki())])
    return settled


def test_a_ship_whose_voyage_changes_is_cancelled_after_its_confirmation_too(whole: Components) -> None:
    """TT 49/2017/TT-BQP Article 16."""
    case = CASES[SHIP_WITHDRAWAL]
    assert withdrawn(whole, case).outcome.value == "accepted"
    life = dossier_reader(whole).life(dossier_of(case.message), personal=False, actor=TESTER)
    assert life.dossier.state == "withdrawn"
    assert replies(whole) == ["10/99", "20/21", "30/23", "12/99"], "what has left is not taken back"
    with whole.database.transaction() as connection:
        duties = [row.why for row in connection.execute(select(deadline))]
        (number,) = connection.execute(select(confirmation.c.number)).scalars()
        (digest,) = connection.execute(select(outbox.c.digest).where(outbox.c.function == "23")).scalars()
    assert duties == ["answered"], "the confirmation was sent in time, and stays so"
    checked = ConfirmationChecks(whole.database).of(number, check_code(digest))
    assert checked is not None
    assert checked.is_withdrawn
    with pytest.raises(NotAllowed):
        whole.completion.complete(dossier_of(case.message), OFFICER)


def test_a_land_dossier_is_not_withdrawn_after_its_confirmation(whole: Components) -> None:
    """The law has no form for it: what was confirmed is amended."""
    for procedure in ("BQP0100001", "BQP0100002", "BQP0100004", "BQP0100006"):
        for version in whole.catalogue.procedures[ProcedureCode(procedure)]:
            assert not any(spec.after_confirmation for spec in version.messages.values())
