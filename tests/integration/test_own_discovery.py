"""Article 11(1): what was asked for, and what the declarant found himself while something is asked or not confirmed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.dossiers import find
from adapter.gateways.store.tables import amendment, amendment_request, deadline
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from adapter.services.messages.item import Settled
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.history import ITEMS, OFFICER, REASON, REQUEST, Desk, dossier_of
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original

CASES = {case.id: case for case in load_cases()}
GROUP = "BQP0100001/accepted-tour-group-entering"
OWN = "BQP0100003/accepted-own-discovery-waits-for-approval"
ANSWER = "BQP0100003/accepted-on-request"
KEY = dossier_of(CASES[OWN].message)
PAPER = "/Envelope/Body/Content/GroupDeclaration/Persons/Person[2]/DocumentNumber"
FIRST, THEN, LAST = "E81234562", "E81234572", "E81234582"


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[tuple[Components, Original]]:
    with gate(tmp_path_factory.mktemp("gate"), standing_url) as made:
        send(made, CASES[GROUP])
        made.completion.complete(KEY, OFFICER)
        yield made, Original(made.database)


@pytest.fixture
def whole(confirmed: tuple[Components, Original]) -> Components:
    """A tour group's dossier is confirmed."""
    made, original = confirmed
    original.put_back()
    return made


def send(whole: Components, case: Case) -> Settled:
    """The case's message about the one dossier, under an id of its own."""
    name = str(uuid.uuid4()).encode()
    message = case.message.replace(dossier_of(case.message).number.encode(), KEY.number.encode())
    start = message.index(b"<messageId>") + len(b"<messageId>")
    case = replace(case, message=message[:start] + name + message[message.index(b"</messageId>") :])
    body = signed(Desk(whole).filled(case), shared_pki())
    digest = Digest(hashlib.sha256(body).hexdigest())
    (settled,) = whole.intake.receive([Submission(body, case.channel, case.clock, digest)])
    return settled


def own(whole: Components, old: str, new: str) -> Settled:
    """11/01 with another number of the second person's paper."""
    return send(whole, changed(CASES[OWN], old, new))


def answer(whole: Components, old: str, new: str, *, number: str | None = None) -> Settled:
    """11/02 with the same; it names the request that is open, or this number."""
    case = changed(CASES[ANSWER], old, new)
    return send(whole, replace(case, message=case.message.replace(REQUEST, (number or REQUEST.decode()).encode())))


def changed(case: Case, old: str, new: str) -> Case:
    message = case.message.replace(f"<NewValue>{THEN}".encode(), f"<NewValue>{new}".encode())
    return replace(case, message=message.replace(f"<OldValue>{FIRST}".encode(), f"<OldValue>{old}".encode()))


def ask(whole: Components, *, pointer: str | None = None) -> str:
    items = (replace(ITEMS[0], pointer=pointer),)
    whole.amendments.request(KEY, OFFICER, reason=REASON, items=items)
    query = select(amendment_request.c.number).order_by(amendment_request.c.id.desc()).limit(1)
    with whole.database.reading() as connection:
        return str(connection.execute(query).scalar_one())


def state(whole: Components) -> str:
    with whole.database.reading() as connection:
        return find(connection, [KEY])[KEY].state.value


def kept(whole: Components) -> list[tuple[bool, str]]:
    """Every form 14 that was kept: whether it was asked for, and where it stands."""
    with whole.database.reading() as connection:
        rows = connection.execute(select(amendment).order_by(amendment.c.version)).all()
    return [(row.requested, row.state) for row in rows]


def hours(whole: Components) -> dict[str, list[str | None]]:
    """How the hours of forms 13 and 14 ended, by kind; None: it runs."""
    kinds = ("amend_within", "confirm_amendment_within")
    found: dict[str, list[str | None]] = {kind: [] for kind in kinds}
    with whole.database.reading() as connection:
        for row in connection.execute(select(deadline).where(deadline.c.kind.in_(kinds)).order_by(deadline.c.id)):
            found[row.kind].append(row.why)
    return found


def names(settled: Settled) -> list[str]:
    return [finding.name for finding in settled.findings]


def approve(whole: Components) -> str:
    return whole.amendments.approve(Desk(whole).waiting(KEY), OFFICER).state.value


def test_what_is_found_while_something_is_asked_waits_and_its_approval_leaves_the_request_open(
    whole: Components,
) -> None:
    ask(whole)
    settled = own(whole, FIRST, THEN)
    assert (settled.outcome.value, names(settled), state(whole)) == ("accepted", [], "amendment_requested")
    assert kept(whole) == [(False, "waiting")]
    assert approve(whole) == "amendment_requested"
    assert hours(whole) == {"amend_within": [None], "confirm_amendment_within": [None]}

    answered = answer(whole, THEN, LAST)
    assert (answered.outcome.value, state(whole)) == ("accepted", "amended")
    assert kept(whole) == [(False, "approved"), (True, "approved")]
    assert hours(whole) == {"amend_within": ["answered"], "confirm_amendment_within": ["lapsed", None]}
    assert whole.completion.complete(KEY, OFFICER).state == "completed_amended"


def test_what_is_found_while_something_is_asked_may_be_declined(whole: Components) -> None:
    ask(whole)
    own(whole, FIRST, THEN)
    whole.amendments.decline(Desk(whole).waiting(KEY), OFFICER, reason=REASON)
    assert (state(whole), kept(whole)) == ("amendment_requested", [(False, "declined")])
    assert answer(whole, FIRST, THEN).outcome.value == "accepted"
    assert state(whole) == "amended"


def test_what_is_found_before_form_15_waits_and_form_15_confirms_what_stands_then(whole: Components) -> None:
    ask(whole)
    answer(whole, FIRST, THEN)
    assert own(whole, THEN, LAST).outcome.value == "accepted"
    assert state(whole) == "amended"
    with pytest.raises(NotAllowed, match="waits for your decision"):
        whole.completion.complete(KEY, OFFICER)
    assert approve(whole) == "amended"
    done = whole.completion.complete(KEY, OFFICER)
    assert (done.state, done.version) == ("completed_amended", 3)


def test_an_amendment_that_changes_every_place_that_was_asked_for_is_the_answer(whole: Components) -> None:
    ask(whole, pointer=PAPER)
    own(whole, FIRST, THEN)
    assert (state(whole), kept(whole)) == ("amended", [(True, "approved")])
    assert hours(whole)["amend_within"] == ["answered"]


def test_an_amendment_that_changes_another_place_is_no_answer(whole: Components) -> None:
    ask(whole, pointer=PAPER.replace("[2]", "[1]"))
    own(whole, FIRST, THEN)
    assert (state(whole), kept(whole)) == ("amendment_requested", [(False, "waiting")])


def test_an_answer_to_what_was_withdrawn_leaves_what_is_asked_since_as_it_is(whole: Components) -> None:
    first = ask(whole)
    whole.amendments.withdraw(KEY, OFFICER, reason="Nhầm hồ sơ")
    ask(whole)
    settled = answer(whole, FIRST, THEN, number=first)
    assert (settled.outcome.value, names(settled)) == ("accepted", [])
    assert (state(whole), kept(whole)) == ("amendment_requested", [(False, "waiting")])
    assert hours(whole)["amend_within"] == ["withdrawn", None]


def test_a_second_answer_to_what_was_answered_is_own_discovery(whole: Components) -> None:
    number = ask(whole)
    answer(whole, FIRST, THEN)
    settled = answer(whole, THEN, LAST, number=number)
    assert (settled.outcome.value, names(settled), state(whole)) == ("accepted", [], "amended")
    assert kept(whole) == [(True, "approved"), (False, "waiting")]


def test_who_mistypes_the_number_of_the_request_hears_it_while_he_can_still_answer(whole: Components) -> None:
    ask(whole)
    settled = answer(whole, FIRST, THEN, number="SD2026")
    assert (settled.outcome.value, names(settled)) == ("rejected", ["request_not_answered"])


def test_what_names_a_request_that_was_never_made_is_own_discovery_and_flagged(whole: Components) -> None:
    ask(whole)
    answer(whole, FIRST, THEN)
    settled = answer(whole, THEN, LAST, number="SD2026")
    assert (settled.outcome.value, names(settled)) == ("accepted", ["request_unknown"])
    assert state(whole) == "amended"


def test_what_was_confirmed_as_declared_asks_for_nothing_any_more(whole: Components) -> None:
    """Asked of what an amendment brought, and confirmed as that stands: a late answer is own discovery."""
    own(whole, FIRST, THEN)
    approve(whole)
    number = ask(whole)
    whole.completion.complete(KEY, OFFICER)
    settled = answer(whole, THEN, LAST, number=number)
    assert (settled.outcome.value, names(settled), state(whole)) == ("accepted", [], "completed_amended")
    assert kept(whole)[-1] == (False, "waiting")
