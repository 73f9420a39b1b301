"""Between the signing of a confirmation and its delivery nobody is told that a dossier is completed (Article 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store import views
from adapter.gateways.store.tables import outbox
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from adapter.services.dossiers.lookup import LookupKind, Question
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.history import OFFICER, REASON, Desk, dossier_of
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate

CASES = {case.id: case for case in load_cases()}
GROUP = "BQP0100001/accepted-tour-group-entering"
OWN = "BQP0100003/accepted-own-discovery-waits-for-approval"
KEY = dossier_of(CASES[OWN].message)
VIEW = "nsw_bqp0100001_2"


@pytest.fixture
def whole(tmp_path: Path, database_url: str) -> Iterator[Components]:
    with gate(tmp_path, database_url) as made:
        yield made


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
    with whole.database.transaction() as connection:
        views.create(connection, views.views(whole.catalogue, connection.dialect.name, personal=False))
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
    object.__setattr__(whole.desk, "observe", lambda event, **said: logged.append((event, said.get("state"))))
    send(whole, CASES[GROUP])
    assert shown(whole) == {"accepted"}
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
