"""A dossier's life from the declaration to form 15, as the window, the portal and the officers see it."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import amendment, deadline, inbox, journal, outbox
from adapter.model.actor import EVERYWHERE
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Submission
from adapter.pipeline.compose import AmendmentItem
from adapter.services.customs.search import Key, Search
from adapter.services.dossiers.versions import Versions
from adapter.services.messages.waiting import Waiting
from tests.harness.fixtures import CLOCK, Act, Case, Step, load_cases, signed
from tests.harness.history import ITEMS, OFFICER, Desk, dossier_of, told_again
from tests.harness.people import TESTER, anybody, customs
from tests.harness.pki import shared_pki

CASES = {case.id: case for case in load_cases()}
GROUP = "BQP0100001/accepted-tour-group-entering"
OWN = "BQP0100003/accepted-own-discovery-waits-for-approval"
ANSWER = "BQP0100003/accepted-on-request"
KEY = dossier_of(CASES[OWN].message)


def submission(case: Case) -> Submission:
    body = signed(case, shared_pki())
    return Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest()))


def play(whole: Components, case: Case) -> None:
    """What came before a case."""
    for number, step in enumerate(case.before):
        if step.act is None:
            whole.intake.receive([submission(told_again(case, number, CASES))])
        else:
            Desk(whole).act(case, step.act)


def come(whole: Components, case: Case) -> Submission:
    """A case with all that came before it."""
    play(whole, case)
    sent = submission(Desk(whole).filled(case))
    whole.intake.receive([sent])
    return sent


def said(whole: Components, *, transfers: bool = False) -> list[tuple[str, str]]:
    """Every reply about the dossier in its order: pair and documentType."""
    routes = outbox.c.route == "transfer" if transfers else outbox.c.route != "transfer"
    query = select(outbox).where(outbox.c.dossier_id.is_not(None), routes).order_by(outbox.c.ordinal)
    with whole.database.transaction() as connection:
        return [(f"{row.type}/{row.function}", row.document_type) for row in connection.execute(query)]


def newest(whole: Components) -> etree._Element:
    query = select(outbox.c.body).where(outbox.c.dossier_id.is_not(None)).order_by(outbox.c.ordinal.desc()).limit(1)
    with whole.database.transaction() as connection:
        return etree.fromstring(connection.execute(query).scalar_one())


def waiting(whole: Components) -> str:
    (found,) = whole.amendments.listed(everything=False, limit=9, actor=TESTER)
    return found.number


def another(case: Case, message_id: str) -> Case:
    """The same case in another message."""
    old = etree.fromstring(case.message).findtext("Header/Reference/messageId") or ""
    return replace(case, message=case.message.replace(old.encode(), message_id.encode()))


def test_an_amendment_on_own_discovery_goes_its_whole_way_in_order(whole: Components) -> None:
    come(whole, CASES[OWN])
    assert whole.amendments.approve(waiting(whole), OFFICER).state == "amended"
    assert whole.completion.complete(KEY, OFFICER).state == "completed_amended"
    assert said(whole) == [
        ("20/21", "BQP0100001"),
        ("30/23", "BQP0100001"),
        ("11/99", "BQP0100003"),
        ("20/21", "BQP0100003"),
        ("30/28", "BQP0100003"),
    ]
    form = newest(whole).find("Body/Content/Completion")
    assert form is not None
    assert form.findtext("FormNumber") == "15"
    assert form.findtext("AmendmentConfirmation/ValidVersion") == "2"
    assert form.findtext("AmendmentConfirmation/DossierNumber") == KEY.number


def test_both_versions_are_kept_and_shown_side_by_side_with_personal_values_masked(whole: Components) -> None:
    come(whole, CASES[OWN])
    reading = Versions(whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock)
    before = reading.of(KEY, personal=False, actor=TESTER)
    assert [(column.version, column.standing) for column in before.columns] == [(1, "in force"), (2, "waiting")]
    whole.amendments.approve(waiting(whole), OFFICER)
    after = reading.of(KEY, personal=True, actor=anybody("test"))
    assert [(column.version, column.standing) for column in after.columns] == [(1, "earlier"), (2, "in force")]
    (changed,) = (line for line in after.lines if line.changed)
    assert (changed.place, changed.values) == ("persons[2].documentNumber", ("E81234562", "E81234572"))
    (masked,) = (line for line in before.lines if line.changed)
    assert set(masked.values) == {"***"}


def test_whoever_sees_personal_values_of_versions_is_journalled_and_nobody_else(whole: Components) -> None:
    come(whole, CASES[OWN])
    reading = Versions(whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock)
    reading.of(KEY, personal=False, actor=anybody("curious"))
    reading.of(KEY, personal=True, actor=anybody("thanh-tra"))
    query = select(journal.c.actor, journal.c.detail).where(journal.c.event == "dossier.personal_shown")
    with whole.database.reading() as connection:
        looked = connection.execute(query).all()
    assert [tuple(row) for row in looked] == [("person:thanh-tra", {"dossier": str(KEY)})]


def test_customs_find_a_paper_of_a_version_that_is_or_was_in_force_and_are_told_which(whole: Components) -> None:
    come(whole, CASES[OWN])
    caller = customs(EVERYWHERE)

    def replaced_by(paper: str) -> list[int | None]:
        found = whole.searches.search(Search(Key.PAPER, paper), caller).answers
        return [each.dossier.replaced_by for each in found]

    assert (replaced_by("E81234562"), replaced_by("E81234572")) == ([None], [])
    whole.amendments.approve(waiting(whole), OFFICER)
    assert (replaced_by("E81234562"), replaced_by("E81234572")) == ([2], [None])


def test_customs_never_find_a_paper_of_a_version_that_was_declined(whole: Components) -> None:
    come(whole, CASES[OWN])
    whole.amendments.decline(waiting(whole), OFFICER, reason="Chưa rõ lý do")
    caller = customs(EVERYWHERE)
    assert not whole.searches.search(Search(Key.PAPER, "E81234572"), caller).answers


def test_a_declined_amendment_leaves_the_dossier_as_it_was(whole: Components) -> None:
    come(whole, CASES[OWN])
    dossier = whole.amendments.decline(waiting(whole), OFFICER, reason="Chưa rõ lý do")
    assert (dossier.state, dossier.version, dossier.versions) == ("completed", 1, 2)
    assert said(whole)[-1] == ("20/22", "BQP0100003")
    assert whole.amendments.listed(everything=False, limit=9, actor=TESTER) == []


def test_what_was_decided_is_not_decided_again(whole: Components) -> None:
    come(whole, CASES[OWN])
    number = waiting(whole)
    whole.amendments.decline(number, OFFICER, reason="Chưa rõ lý do")
    with pytest.raises(NotAllowed, match="declined already"):
        whole.amendments.approve(number, OFFICER)


def test_of_two_officers_at_once_one_decides(whole: Components) -> None:
    come(whole, CASES[OWN])
    number, together = waiting(whole), Barrier(2)

    def approve() -> str:
        together.wait()
        return whole.amendments.approve(number, OFFICER).state

    def decline() -> str:
        together.wait()
        return whole.amendments.decline(number, OFFICER, reason="Chưa rõ lý do").state

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(act) for act in (approve, decline)]
        errors = [each.exception() for each in ends]
    assert sum(isinstance(error, NotAllowed) for error in errors) == 1
    assert sum(error is None for error in errors) == 1
    assert [pair for pair, code in said(whole) if code == "BQP0100003"][1:] in (["20/21"], ["20/22"])


def test_an_amendment_that_comes_while_an_officer_completes_has_one_of_two_lawful_ends(whole: Components) -> None:
    case = replace(CASES[OWN], before=(Step(send=GROUP),))
    play(whole, case)
    together, sent = Barrier(2), submission(case)

    def amend() -> str:
        together.wait()
        return whole.intake.receive([sent])[0].outcome.value

    def complete() -> str:
        together.wait()
        return whole.completion.complete(KEY, OFFICER).state.value

    with ThreadPoolExecutor(2) as pool:
        outcome, state = [each.result() for each in (pool.submit(amend), pool.submit(complete))]
    assert state == "completed"
    pairs = [pair for pair, _ in said(whole)]
    if outcome == "accepted":
        assert pairs == ["20/21", "30/23", "11/99"]
    else:
        assert pairs == ["20/21", "30/23"]


def test_two_amendments_in_one_batch_are_one_that_waits_and_one_that_must(whole: Components) -> None:
    play(whole, CASES[OWN])
    other = another(CASES[OWN], "00000000-0000-4000-8000-000000000001")
    first, second = whole.intake.receive([submission(CASES[OWN]), submission(other)])
    assert (first.outcome, second.outcome) == ("accepted", "rejected")
    assert [finding.name for finding in second.findings] == ["amendment_pending"]


def test_a_duplicate_of_an_amendment_gets_the_identical_reply_and_changes_nothing(whole: Components) -> None:
    sent = come(whole, CASES[ANSWER])
    assert whole.intake.receive([sent])[0].duplicate
    with whole.database.transaction() as connection:
        mine = select(outbox.c.digest).join(inbox, inbox.c.id == outbox.c.inbox_id).where(inbox.c.digest == sent.digest)
        digests = connection.execute(mine).scalars().all()
        kept = connection.execute(select(amendment)).all()
    assert len(digests) == 2
    assert len(set(digests)) == 1
    assert len(kept) == 1


def test_an_amendment_that_overtook_its_declaration_is_judged_when_that_comes(whole: Components) -> None:
    case = CASES[OWN]
    (early,) = whole.intake.receive([submission(case)])
    assert early.state == "waiting"
    whole.intake.receive([submission(told_again(case, 0, CASES))])
    timer = Waiting(whole.database, whole.intake, whole.legal_clock, whole.observe)
    assert timer.wake() == 1
    with whole.database.transaction() as connection:
        row = connection.execute(select(inbox).where(inbox.c.public_id == early.public_id)).one()
    # Before the confirmation own discovery has no place (Article 11(1)(a)), however early it came.
    assert (row.state, row.outcome) == ("settled", "rejected")


def test_a_request_says_until_when_it_is_to_be_answered(whole: Components) -> None:
    play(whole, CASES[ANSWER])
    content = newest(whole).find("Body/Content/AmendmentRequest")
    assert content is not None
    assert said(whole)[-1] == ("20/25", "BQP0100003")
    assert content.findtext("AnswerBefore") == "2026-03-02 08:15:00"
    assert newest(whole).findtext("Header/Subject/reference") == dossier_of(CASES[ANSWER].message).number


def test_the_hour_for_the_answer_and_the_hour_for_its_confirmation_run_and_end(whole: Components) -> None:
    """Article 11(3)(b) from when the declarant has the request, 11(3)(c) from when the border guard has form 14."""

    def running() -> list[tuple[str, bool]]:
        unanswered = (deadline.c.ended_at.is_(None), deadline.c.answered_at.is_(None))
        open_still = select(deadline).where(*unanswered).order_by(deadline.c.kind)
        with whole.database.transaction() as connection:
            return [(row.kind, row.started_at is not None) for row in connection.execute(open_still)]

    play(whole, CASES[ANSWER])
    assert running() == [("amend_within", False), ("confirm_within", True)]
    whole.intake.receive([submission(Desk(whole).filled(CASES[ANSWER]))])
    assert running() == [("confirm_amendment_within", True), ("confirm_within", True)]
    whole.completion.complete(dossier_of(CASES[ANSWER].message), OFFICER)
    assert running() == []


def test_while_an_amendment_waits_nothing_more_is_asked_for(whole: Components) -> None:
    come(whole, CASES[OWN])
    with pytest.raises(NotAllowed, match="approve or decline it first"):
        whole.amendments.request(KEY, OFFICER, reason="Sai", items=ITEMS)


def test_an_act_that_is_not_possible_names_the_state_and_what_is(whole: Components) -> None:
    come(whole, CASES[ANSWER])
    key: DossierKey = dossier_of(CASES[ANSWER].message)
    with pytest.raises(NotAllowed, match=r"amended, waiting for confirmation.*possible: .*complete an amendment"):
        whole.completion.accept(key, OFFICER)


def test_a_dossier_amended_before_its_confirmation_may_still_be_refused(whole: Components) -> None:
    come(whole, CASES[ANSWER])
    key = dossier_of(CASES[ANSWER].message)
    assert whole.completion.refuse(key, OFFICER, reason="Không đủ điều kiện").state == "refused"


def test_what_the_portal_decided_on_an_amendment_is_transferred_under_its_own_procedure(whole: Components) -> None:
    come(whole, CASES["BQP0100003/accepted-by-the-portal"])
    assert said(whole, transfers=True) == [("40/01", "BQP0100003")]


SHIP = "BQP0100007A/accepted-late-at-a-berth-and-flagged"
SHIP_ANSWER = "BQP0100007A/accepted-on-request-waits-for-an-officer"


def test_a_ship_is_amended_under_its_own_procedure_and_both_versions_are_kept(whole: Components) -> None:
    come(whole, CASES[SHIP])
    key = dossier_of(CASES[SHIP].message)
    assert whole.amendments.approve(waiting(whole), OFFICER).state == "amended"
    told = newest(whole).findall("Body/Content/Acceptance/Warnings/Warning")
    assert [each.findtext("ErrorCode") for each in told] == [whole.catalogue.findings.texts["declared_late_after"].code]

    assert whole.completion.complete(key, OFFICER).state == "completed_amended"

    assert [pair for pair, _ in said(whole)] == ["10/99", "20/21", "30/23", "11/99", "20/21", "30/28"]
    assert {code for _, code in said(whole)} == {"BQP0100007"}
    form = newest(whole).find("Body/Content/Completion")
    assert form is not None
    assert form.findtext("FormNumber") == "XNSD"
    assert form.findtext("ShipAmendmentConfirmation/ValidVersion") == "2"
    reading = Versions(whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock)
    kept = reading.of(key, personal=True, actor=anybody("test"))
    (changed,) = (line for line in kept.lines if line.changed)
    assert (changed.place, changed.values) == ("crew[2].documentNumber", ("S1234562", "S1234572"))
    assert [(column.version, column.standing) for column in kept.columns] == [(1, "earlier"), (2, "in force")]


def test_what_was_asked_of_a_ship_is_answered_and_approved_within_its_hours(whole: Components) -> None:
    case = CASES[SHIP_ANSWER]
    play(whole, replace(case, before=case.before[:-1]))
    key = dossier_of(case.message)
    wrong = AmendmentItem("Số hộ chiếu không khớp", "Khai lại", form="BKC")
    _, due = whole.amendments.request(key, OFFICER, reason="Sai", items=(wrong,))
    assert said(whole)[-1] == ("20/25", "BQP0100007")
    assert newest(whole).findtext("Body/Content/AmendmentRequest/Items/Item/FormNumber") == "BKC"
    assert due == case.clock + timedelta(hours=1)

    whole.intake.receive([submission(Desk(whole).filled(case))])
    assert whole.amendments.approve(waiting(whole), OFFICER).version == 2
    assert whole.completion.complete(key, OFFICER).state == "completed_amended"
    with whole.database.transaction() as connection:
        rows = {row.kind: row for row in connection.execute(select(deadline))}
    assert rows["amend_within"].why == "answered"
    # Signed; they run until form 15 was sent.
    signed_only = {kind for kind, row in rows.items() if row.answered_at is not None and row.ended_at is None}
    assert signed_only == {"confirm_amendment_within", "confirm_within"}


def test_what_the_portal_was_answered_on_a_ship_s_amendment_is_transferred_under_its_procedure(
    whole: Components,
) -> None:
    come(whole, CASES["BQP0100007A/accepted-by-the-portal"])
    whole.amendments.approve(waiting(whole), OFFICER)
    assert said(whole, transfers=True) == [("40/01", "BQP0100007")]


VEHICLE = "BQP0100003/accepted-vehicle-by-the-portal"


def test_a_dossier_that_the_window_does_not_carry_is_amended_without_a_transfer(whole: Components) -> None:
    """Form 14 is of a procedure on the window; the vehicle's is not, whoever answers: the program or an officer."""
    come(whole, CASES[VEHICLE])
    assert whole.completion.complete(dossier_of(CASES[VEHICLE].message), OFFICER).state == "completed_amended"
    assert [pair for pair, _ in said(whole)] == ["20/21", "20/25", "20/21", "30/28"]
    assert said(whole, transfers=True) == []
    with whole.database.transaction() as connection:
        assert set(connection.execute(select(outbox.c.route)).scalars()) == {"portal"}


def test_form_15_says_where_the_dossier_is(whole: Components) -> None:
    come(whole, CASES[ANSWER])
    whole.completion.complete(dossier_of(CASES[ANSWER].message), OFFICER)
    form = newest(whole).find("Body/Content/Completion/AmendmentConfirmation")
    assert form is not None
    assert (form.findtext("Gate"), form.findtext("BorderUnit")) == ("HUUNGHI", "CK-HUUNGHI")


def test_a_letter_that_is_revoked_amends_no_more(whole: Components) -> None:
    """Who may speak for the dossier's principal is asked in the transaction that changes it."""
    letters = whole.authorisations
    letter = letters.grant("0100112437", "0312345673", "UQ-07/2026", valid_from=CLOCK.replace(month=1), actor=TESTER)
    case = CASES["BQP0100003/accepted-by-who-is-authorised"]
    play(whole, case)
    letters.revoke(letter, reason="Hết việc", actor=TESTER)
    # Form 14 names an enterprise of its own; the dossier's is another one, which has withdrawn its letter.
    own = case.message.replace(b"0312345673", b"0100112437")
    (settled,) = whole.intake.receive([submission(Desk(whole).filled(replace(case, message=own)))])
    assert [finding.name for finding in settled.findings] == ["amendment_of_another"]


def test_acts_of_the_history_are_all_of_them() -> None:
    used = {step.act for case in CASES.values() for step in case.before if step.act}
    assert used == set(Act)
