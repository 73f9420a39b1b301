"""One person in two groups: the same papers at one gate within the hour are flagged, whichever way the two came in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import dossier, search_key
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.messages.item import Settled
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, FIXTURES
from tests.harness.history import OFFICER
from tests.harness.pki import shared_pki
from tests.harness.plans import Recorder
from tests.harness.registers import gate

GROUP = (FIXTURES / "BQP0100001" / "accepted-tour-group-entering" / "message.xml").read_text()
FIRST_PAPER = "/Envelope/Body/Content/GroupDeclaration/Persons/Person[1]/DocumentNumber"
LAST_PAPER = "/Envelope/Body/Content/GroupDeclaration/Persons/Person[3]/DocumentNumber"
OTHERS = {"E81234561": "E91234561", "E81234562": "E91234562"}
"""Of a group that has only its third person in common with the first one."""


def group(name: str, *, at: str = "14:30:00", function: str = "01", **changes: str) -> Submission:
    """The tour group of the fixtures under another number."""
    message = GROUP.replace("BQP2026000101", name).replace("2026-03-02 14:30:00", f"2026-03-02 {at}")
    head, _, tail = message.partition("<messageId>")
    message = f"{head}<messageId>{uuid.uuid5(uuid.NAMESPACE_OID, name + function)}{tail[36:]}"
    message = message.replace("<function>01", f"<function>{function}")
    for old, new in changes.items():
        assert old in message
        message = message.replace(old, new)
    pki = shared_pki()
    raw = sign_message(message.encode(), system=pki.party("nsw"), declarant=pki.party("enterprise"))
    return Submission(raw, Channel.WINDOW, CLOCK, Digest(str(uuid.uuid5(uuid.NAMESPACE_OID, name + function).hex) * 2))


def told(settled: Settled) -> list[tuple[str, str]]:
    assert settled.outcome == "accepted"
    return [(finding.name, finding.pointer) for finding in settled.findings]


def test_the_same_papers_in_two_groups_at_one_gate_and_hour_are_flagged(whole: Components) -> None:
    whole.intake.receive([group("HS1")])
    (settled,) = whole.intake.receive([group("HS2", at="15:29:59")])
    assert told(settled) == [("stands_in_another_group", FIRST_PAPER)]
    assert "1, 2, 3" in settled.findings[0].vi
    assert "HS1" not in settled.findings[0].vi + settled.findings[0].en  # of whom, a stranger is not told


def test_two_groups_of_one_batch_are_flagged_too(whole: Components) -> None:
    first, second = whole.intake.receive([group("HS1"), group("HS2", **OTHERS)])
    assert told(first) == []
    assert told(second) == [("stands_in_another_group", LAST_PAPER)]


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "15:30:00"},
        {"<Gate>HUUNGHI": "<Gate>MONGCAI", "CK-HUUNGHI": "CK-MONGCAI"},
        {**OTHERS, "E81234563": "E91234563"},
    ],
    ids=["an hour later", "another gate", "other papers"],
)
def test_another_hour_another_gate_or_other_papers_are_lawful(whole: Components, changes: dict[str, str]) -> None:
    whole.intake.receive([group("HS1")])
    (settled,) = whole.intake.receive([group("HS2", **changes)])
    assert told(settled) == []


def test_a_newer_version_is_not_held_against_the_one_before(whole: Components) -> None:
    first, newer = whole.intake.receive([group("HS1"), group("HS1", function="02")])
    assert (told(first), told(newer)) == ([], [])


def test_what_a_newer_version_left_is_free_for_another_group(whole: Components) -> None:
    whole.intake.receive([group("HS1")])
    whole.intake.receive([group("HS1", function="02", at="18:30:00")])
    (settled,) = whole.intake.receive([group("HS2")])
    assert told(settled) == []


def test_a_group_that_was_refused_holds_nobody(whole: Components) -> None:
    whole.intake.receive([group("HS1")])
    whole.completion.refuse(DossierKey("HS1", 2026), OFFICER, reason="Sai")
    (settled,) = whole.intake.receive([group("HS2")])
    assert told(settled) == []


def test_a_server_that_has_not_counted_its_rows_looks_each_key_up(tmp_path: Path, postgresql_url: str) -> None:
    """A new or restored store has no statistics, and hundreds of groups are expected at a gate in one hour."""
    recorder = Recorder()
    with gate(tmp_path, postgresql_url) as made:
        made.intake.receive([group("HS1")])
        with made.database.transaction() as connection:
            (dossier_id,) = connection.execute(select(dossier.c.id)).scalars()
            strangers = [
                {"kind": "paper", "value": f"X{n}", "dossier_id": dossier_id, "version": 1} for n in range(5000)
            ]
            made.database.insert(connection, search_key, strangers)
        recorder.listen(made.database.engine)
        made.intake.receive([group("HS2")])
        asked = [(text, given) for text, (given, _) in recorder.statements.items() if "search_key" in text]
        with made.database.reading() as connection:
            plans = [
                connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", given).scalar_one()
                for text, given in asked
                if text.startswith(("SELECT", "WITH"))
            ]
    assert plans
    assert [removed for plan in plans for removed in _removed(plan[0]["Plan"]) if removed] == []


def _removed(plan: dict[str, Any]) -> Iterator[int]:
    """Of each node the rows that were read and were none of those asked for."""
    yield plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Join Filter", 0)
    for each in plan.get("Plans", ()):
        yield from _removed(each)
