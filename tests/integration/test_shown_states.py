"""Between the signing of a confirmation and its delivery nobody is told that a dossier is completed (Article 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update

from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store import views
from adapter.gateways.store.tables import confirmation, dossier, outbox, search_key
from adapter.model.dossier import ConfirmationWay, ShownState, stored_state
from adapter.model.events import Event
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.model.turns import WorkTurn
from adapter.services.customs.search import Key, Search
from adapter.services.dossiers.lookup import LookupKind, Question
from adapter.services.dossiers.worklist import WorkFilter
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.history import OFFICER, REASON, Desk, dossier_of
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original
from tests.harness.website import changed

CASES = {case.id: case for case in load_cases()}
GROUP = "BQP0100001/accepted-tour-group-entering"
OWN = "BQP0100003/accepted-own-discovery-waits-for-approval"
KEY = dossier_of(CASES[OWN].message)
CUSTOMS = replace(TESTER, office="*")
VIEW = "nsw_bqp0100001_2"


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[tuple[Components, Original]]:
    """A gate with its views for reports."""
    with gate(tmp_path_factory.mktemp("standing"), standing_url) as made:
        with made.database.transaction() as connection:
            views.create(connection, views.views(made.catalogue, connection.dialect.name, personal=False))
        yield made, Original(made.database)


@pytest.fixture
def whole(_standing: tuple[Components, Original]) -> Components:
    made, original = _standing
    original.put_back()
    return made


def send(whole: Components, case: Case) -> None:
    message = case.message.replace(dossier_of(case.message).number.encode(), KEY.number.encode())
    body = signed(replace(case, message=message), shared_pki())
    digest = Digest(hashlib.sha256(body).hexdigest())
    (settled,) = whole.intake.receive([Submission(body, case.channel, CLOCK, digest)])
    assert settled.outcome.value == "accepted", settled


def marked(whole: Components, column: str) -> None:
    """What was said has been sent, or is with the declarant."""
    with whole.database.transaction() as connection:
        connection.execute(update(outbox).where(outbox.c[column].is_(None)).values({column: CLOCK}))


def shown(whole: Components) -> set[str]:
    """The word for the dossier's state in every place that shows one."""
    reading = dossier_reader(whole)
    found = whole.lookup.find(Question(LookupKind.NUMBER, KEY.number, KEY.year), TESTER)
    with whole.database.reading() as connection:
        (row,) = connection.execute(text(f'SELECT * FROM "{VIEW}"')).all()
    return {
        reading.life(KEY, personal=False, actor=TESTER).dossier.state,
        *(each.state for each in reading.dossiers(state=None, limit=9, actor=TESTER)),
        *(each.state for each in found.dossiers),
        row.dossier_state,
    }


def journalled(whole: Components) -> list[str]:
    entries = dossier_reader(whole).life(KEY, personal=False, actor=TESTER).journal
    return [each.detail["state"] for each in entries if "state" in each.detail]


def test_a_confirmed_dossier_is_called_by_what_became_of_its_confirmation(whole: Components) -> None:
    logged: list[Any] = []
    send(whole, CASES[GROUP])
    assert shown(whole) == {"accepted"}
    with changed(whole.desk, observe=lambda event, **said: logged.append((event, said.get("state")))):
        whole.completion.complete(KEY, OFFICER)
    assert shown(whole) == {"confirmation_signed"}
    assert journalled(whole) == ["confirmation_signed"]
    assert logged == [(Event.SETTLED, "confirmation_signed")]
    marked(whole, "sent_at")
    assert shown(whole) == {"confirmation_sent"}
    marked(whole, "delivered_at")
    assert shown(whole) == {"completed"}

    send(whole, CASES[OWN])
    assert shown(whole) == {"completed"}, "an amendment that waits changes nothing"
    whole.amendments.decline(Desk(whole).waiting(KEY), OFFICER, reason=REASON)
    assert (shown(whole), journalled(whole)[-1]) == ({"completed"}, "completed")


def test_so_is_a_dossier_that_was_amended(whole: Components) -> None:
    send(whole, CASES[GROUP])
    whole.completion.complete(KEY, OFFICER)
    marked(whole, "sent_at")
    marked(whole, "delivered_at")
    send(whole, CASES[OWN])
    whole.amendments.approve(Desk(whole).waiting(KEY), OFFICER)
    assert shown(whole) == {"amended"}
    whole.completion.complete(KEY, OFFICER)
    assert shown(whole) == {"amendment_confirmation_signed"}
    marked(whole, "sent_at")
    assert shown(whole) == {"amendment_confirmation_sent"}
    marked(whole, "delivered_at")
    assert shown(whole) == {"completed_amended"}


def dossiers_in_every_state(whole: Components) -> dict[ShownState, str]:
    """The number of a dossier that is shown in each state."""
    numbers = {}
    for ordinal, shown in enumerate(ShownState):
        message = declaration(f"shown{ordinal}", reference=f"SHOWN{ordinal}")
        sent = Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))
        (settled,) = whole.intake.receive([sent])
        assert settled.outcome.value == "accepted", settled
        numbers[shown] = number = message.reference
        stored, way = stored_state(shown)
        key = DossierKey(number, KEY.year)
        if way is not None:
            whole.completion.complete(key, OFFICER)
        with whole.database.transaction() as connection:
            mine = select(dossier.c.id).where(dossier.c.number == number).scalar_subquery()
            connection.execute(update(dossier).where(dossier.c.number == number).values(state=stored.value))
            times = {ConfirmationWay.SENT: {"sent_at": CLOCK}}
            times[ConfirmationWay.DELIVERED] = {"sent_at": CLOCK, "delivered_at": CLOCK}
            made = connection.execute(select(outbox).where(outbox.c.dossier_id == mine, outbox.c.kind == "Completion"))
            for row in made.all():
                now = {"sent_at": None, "delivered_at": None, **times.get(way or ConfirmationWay.SIGNED, {})}
                connection.execute(update(outbox).where(outbox.c.id == row.id).values(now))
                _further_confirmations(connection, row, way)
    return numbers


def _further_confirmations(connection: Connection, row: Any, way: ConfirmationWay | None) -> None:
    """An earlier one that went another way, and a later one that was taken back: neither says how far it has come."""
    other = {"sent_at": CLOCK, "delivered_at": CLOCK if way is not ConfirmationWay.DELIVERED else None}
    for ordinal, times in ((row.ordinal - 100, other), (row.ordinal + 100, {**other, "taken_back_at": CLOCK})):
        values = {**row._mapping, "id": row.id * 1000 + ordinal + 500, "ordinal": ordinal, **times}
        connection.execute(insert(outbox).values(values))
        said = {"id": values["id"], "number": f"XN{values['id']}", "dossier_id": row.dossier_id, "version": 1}
        connection.execute(insert(confirmation).values({**said, "outbox_id": values["id"]}))


def test_whoever_looks_for_a_state_finds_the_dossiers_that_bear_it(whole: Components) -> None:
    """The work list, its lists by the clock, customs, and the command: each by the word that it shows."""
    numbers = dossiers_in_every_state(whole)
    reading, lists = dossier_reader(whole), replace(whole.work_lists, clock=lambda: CLOCK + timedelta(minutes=5))
    by_clock: dict[WorkTurn, set[tuple[str, str]]] = {turn: set() for turn in WorkTurn}
    for shown, number in numbers.items():
        asked = WorkFilter(turn=WorkTurn.NEWEST, state=shown)
        assert [(row.number, row.state) for row in lists.page(TESTER, asked, None).rows] == [(number, shown)], shown
        listed = reading.dossiers(state=shown, limit=99, actor=TESTER)
        assert [(each.number, each.state) for each in listed] == [(number, shown)]
        day = CLOCK.date()
        for search in (
            Search(Key.PERIOD, state=shown, first_day=day, last_day=day),
            Search(Key.PARTY, whole_party(whole), state=shown),
            Search(Key.NUMBER, number, KEY.year, state=shown),
        ):
            answers = whole.searches.search(search, CUSTOMS).answers
            assert [(each.dossier.reference, each.dossier.state) for each in answers] == [(number, shown)], search
        for turn in by_clock:
            rows = lists.page(TESTER, WorkFilter(turn=turn, state=shown), None).rows
            assert {row.state for row in rows} <= {shown}
            by_clock[turn] |= {(row.number, row.state) for row in rows}
    for turn, found in by_clock.items():
        every = lists.page(TESTER, WorkFilter(turn=turn), None).rows
        assert found == {(row.number, row.state) for row in every}
    assert by_clock[WorkTurn.LEAVING]


def whole_party(whole: Components) -> str:
    with whole.database.reading() as connection:
        return str(connection.execute(select(search_key.c.value).where(search_key.c.kind == "party")).scalars().first())
