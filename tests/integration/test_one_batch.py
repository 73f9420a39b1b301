"""A batch leaves in the store what its messages leave one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import amendment, deadline, dossier, inbox, journal, outbox
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.history import told_again
from tests.harness.pki import shared_pki
from tests.harness.stores import Original

CASES = {case.id: case for case in load_cases()}
HISTORIES = [case for case in CASES.values() if case.before and all(step.send is not None for step in case.before)]
COLUMNS = [
    (outbox, ("type", "function", "route", "ordinal", "taken_back_at")),
    (dossier, ("number", "state", "version", "versions", "replies", "journal")),
    (inbox, ("message_id", "state", "outcome", "pair")),
    (deadline, ("kind", "name", "ended_at", "why")),
    (amendment, ("state", "version", "requested")),
    (journal, ("event", "actor", "ordinal")),
]


def submissions(case: Case) -> Sequence[Submission]:
    """Those of its history, and its own."""
    cases = [*(told_again(case, step, CASES) for step in range(len(case.before))), case]
    bodies = [(each, signed(each, shared_pki())) for each in cases]
    return [
        Submission(body, each.channel, each.clock, Digest(hashlib.sha256(body).hexdigest())) for each, body in bodies
    ]


def left(whole: Components) -> dict[str, list[tuple[object, ...]]]:
    """What is in the store, without ids and times: of a time only whether there is one."""

    def told(row: Sequence[object], names: Sequence[str]) -> tuple[object, ...]:
        return tuple(each is not None if name.endswith("_at") else each for name, each in zip(names, row, strict=True))

    with whole.database.reading() as connection:
        return {
            table.name: [
                told(row, names)
                for row in connection.execute(select(*(table.c[name] for name in names)).order_by(table.c.id))
            ]
            for table, names in COLUMNS
        }


@pytest.mark.parametrize("case", HISTORIES, ids=[case.id for case in HISTORIES])
def test_a_history_in_one_batch_leaves_what_it_leaves_message_by_message(
    whole: Components, case: Case, request: pytest.FixtureRequest
) -> None:
    original: Original = request.getfixturevalue("_gate")[1]
    sent = submissions(case)
    for each in sent:
        whole.intake.receive([each])
    one_by_one = left(whole)
    original.put_back()
    whole.intake.receive(sent)
    assert left(whole) == one_by_one


def test_there_are_histories_of_messages_alone() -> None:
    assert len(HISTORIES) > 5
