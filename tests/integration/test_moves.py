"""A dossier is moved to another gate by an amendment: who approves, who confirms, and which time goes on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store.records import StoredEntry
from adapter.gateways.store.tables import amendment, amendment_request, deadline
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.stages import Channel, Submission
from adapter.services.dossiers.destinations import let_go
from adapter.services.messages.item import Settled
from adapter.simulator.sign import sign_message
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, FIXTURES
from tests.harness.history import ITEMS, OFFICER
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.units import HUUNGHI, MONGCAI, two_units
from tests.integration.test_units import replies, unit_that_signed

KEY = DossierKey("HS1", 2026)
FORM_14 = (FIXTURES / "BQP0100003" / "accepted-on-request-citizen-unsigned" / "message.xml").read_text()
CHANGE = (
    """<Change><FormNumber>11</FormNumber><Field>{}</Field><OldValue>{}</OldValue><NewValue>{}</NewValue></Change>"""
)
LISTED = FORM_14[FORM_14.index("<Change>") : FORM_14.index("</Changes>")]
TWENTY_MINUTES = timedelta(minutes=20)


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url, two_units()) as made:
        message = declaration(1, reference=KEY.number)
        made.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
        yield made


def amend(
    whole: Components, *changes: tuple[str, str, str], at: str = "HUUNGHI", after: timedelta = TWENTY_MINUTES
) -> Settled:
    """Ask for an amendment, and answer with these changes, so long after the declaration."""
    whole.amendments.request(KEY, OFFICER, reason="Sai", items=ITEMS)
    with whole.database.reading() as connection:
        asked = select(amendment_request.c.number).where(amendment_request.c.closed_at.is_(None))
        number = connection.execute(asked).scalar_one()
    message = FORM_14.replace(LISTED, "".join(CHANGE.format(*each) for each in changes)).replace("@REQUEST@", number)
    message = message.replace("BQP2026000307", KEY.number).replace("HUUNGHI", at)
    head, _, tail = message.partition("<messageId>")
    message = f"{head}<messageId>{uuid.uuid5(uuid.NAMESPACE_OID, number)}{tail[36:]}"
    raw = sign_message(message.encode(), system=shared_pki().party("nsw"), declarant=None)
    digest = Digest(uuid.uuid5(uuid.NAMESPACE_OID, number).hex * 2)
    (settled,) = whole.intake.receive([Submission(raw, Channel.WINDOW, CLOCK + after, digest)])
    return settled


def move(to: str, start: str = "HUUNGHI") -> list[tuple[str, str, str]]:
    return [("Gate", start, to), ("BorderUnit", f"CK-{start}", f"CK-{to}")]


def waiting(whole: Components) -> str:
    with whole.database.reading() as connection:
        return str(connection.execute(select(amendment.c.number).where(amendment.c.state == "waiting")).scalar_one())


def place(whole: Components) -> tuple[str | None, str | None]:
    life = dossier_reader(whole).life(KEY, personal=False, actor=TESTER)
    return life.gate, life.unit


def due(whole: Components, kind: str) -> list[tuple[datetime, bool]]:
    """When deadlines of a kind are due, and whether each has been ended."""
    query = select(deadline.c.due_at, deadline.c.ended_at).where(deadline.c.kind == kind)
    with whole.database.reading() as connection:
        return [(row.due_at, row.ended_at is not None) for row in connection.execute(query)]


def test_a_move_waits_for_the_unit_that_has_the_dossier_which_answers_in_its_own_name(whole: Components) -> None:
    assert amend(whole, *move("MONGCAI")).outcome == "accepted"
    assert place(whole) == ("HUUNGHI", HUUNGHI)
    whole.amendments.approve(waiting(whole), OFFICER)
    assert place(whole) == ("MONGCAI", MONGCAI)
    names = [each.findtext("Header/From/unitCode") for each in replies(whole, KEY.number)]
    assert names == [HUUNGHI] * 4  # accepted, asked, received, approved


def test_after_the_move_the_unit_there_confirms(whole: Components) -> None:
    amend(whole, *move("MONGCAI"))
    whole.amendments.approve(waiting(whole), OFFICER)
    whole.completion.complete(KEY, OFFICER)
    confirmed = replies(whole, KEY.number)[-1]
    assert unit_that_signed(confirmed) == MONGCAI
    assert confirmed.findtext(".//AmendmentConfirmation/Gate") == "MONGCAI"


def test_the_hour_of_form_15_runs_from_form_14_and_the_first_duty_with_the_time_that_is_left(whole: Components) -> None:
    amend(whole, *move("MONGCAI"))
    whole.amendments.approve(waiting(whole), OFFICER)
    hour = timedelta(hours=1)
    assert due(whole, "confirm_within") == [(CLOCK + hour, False)]
    assert due(whole, "confirm_amendment_within") == [(CLOCK + TWENTY_MINUTES + hour, False)]
    whole.completion.complete(KEY, OFFICER)
    with whole.database.reading() as connection:
        answered = connection.execute(select(deadline.c.kind).where(deadline.c.answered_at.is_not(None))).scalars()
        assert {"confirm_within", "confirm_amendment_within"} <= set(answered)


def test_both_units_read_in_the_journal_where_a_dossier_went(whole: Components) -> None:
    amend(whole, *move("MONGCAI"))
    whole.amendments.approve(waiting(whole), OFFICER)
    journal = dossier_reader(whole).life(KEY, personal=False, actor=TESTER).journal
    told = [entry.detail for entry in journal if "moved_to" in entry.detail]
    assert [(each["moved_from"], each["moved_to"]) for each in told] == [(["HUUNGHI", HUUNGHI], ["MONGCAI", MONGCAI])]


@pytest.mark.parametrize("left", ["HUUNGHI", "GATE-OF-NOBODY"])
def test_when_a_unit_let_a_dossier_go_is_told_to_that_unit_alone(whole: Components, left: str) -> None:
    detail: dict[str, object] = {"moved_from": [left, None], "moved_to": ["MONGCAI", MONGCAI]}
    moved = StoredEntry(1, 1, 1, CLOCK, JournalEvent.DOSSIER_APPROVE, "person:a", detail, "", "", None)
    told = {unit: let_go([moved], whole.installation.units, unit) for unit in (HUUNGHI, MONGCAI, None)}
    assert told == {HUUNGHI: CLOCK if left == "HUUNGHI" else None, MONGCAI: None, None: None}


def test_a_move_that_is_declined_leaves_the_dossier_where_it_was(whole: Components) -> None:
    amend(whole, *move("MONGCAI"))
    whole.amendments.decline(waiting(whole), OFFICER, reason="Không đúng")
    assert place(whole) == ("HUUNGHI", HUUNGHI)
    whole.completion.complete(KEY, OFFICER)
    assert unit_that_signed(replies(whole, KEY.number)[-1]) == HUUNGHI


def test_a_gate_without_its_unit_is_refused_and_the_unit_named(whole: Components) -> None:
    settled = amend(whole, ("Gate", "HUUNGHI", "MONGCAI"))
    assert (settled.outcome, settled.findings[-1].name) == ("refused", "code_disagrees")
    assert "Biên phòng cửa khẩu Móng Cái" in settled.findings[-1].vi


def test_a_gate_of_nobody_here_is_told_to_be_declared_to_anew(whole: Components) -> None:
    settled = amend(whole, *move("MOCBAI"))
    (told,) = (each for each in settled.findings if each.name == "moved_to_a_foreign_gate")
    assert settled.outcome == "rejected"
    assert "Hãy khai báo mới cho Biên phòng cửa khẩu Mộc Bài (CK-MOCBAI)" in told.vi
    assert told.pointer.endswith("/Change[1]/NewValue")
    assert place(whole) == ("HUUNGHI", HUUNGHI)


def test_an_amendment_after_the_move_goes_to_the_unit_that_has_it_now(whole: Components) -> None:
    amend(whole, *move("MONGCAI"))
    whole.amendments.approve(waiting(whole), OFFICER)
    purpose = ("Purpose", "Thăm thân", "Du lịch")
    assert [each.name for each in amend(whole, purpose).findings] == ["amendment_elsewhere"] * 2


def test_what_stays_at_its_gate_needs_no_approval(whole: Components) -> None:
    assert amend(whole, ("Purpose", "Thăm thân", "Du lịch")).outcome == "accepted"
    assert dossier_reader(whole).life(KEY, personal=False, actor=TESTER).dossier.state == "amended"
