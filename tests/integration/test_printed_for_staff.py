"""What officers and customs print of a dossier, as pictures: what their use cases hand over, in the shipped layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapter.bootstrap import Components
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import ReplyKind
from adapter.services.dossiers.own_records import OpenedAnswer
from tests.harness.history import ITEMS, OFFICER, REASON, play
from tests.harness.people import TESTER
from tests.harness.prints import assert_looks_as_kept
from tests.harness.registers import gate

SEEN = Path(__file__).parent / "prints"
DIGEST = "6bd7f489f340847c" + "0" * 48
"""In the place of the file's own: keys are made on each machine, so each machine signs other bytes."""
GROUP, CITIZEN = "BQP0100001/accepted-tour-group-entering", "BQP0100002/accepted-citizen-unsigned"


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    folder = tmp_path_factory.mktemp("prints")
    with gate(folder, f"sqlite:///{folder / 'adapter.db'}") as made:
        yield made


def for_the_officer(components: Components, key: DossierKey, kind: ReplyKind) -> OpenedAnswer:
    shown: list[OpenedAnswer] = []
    (reply,) = (each for each in components.case_files.open(key, TESTER).replies if each.kind == kind.value)
    prints: Any = SimpleNamespace(pdf=shown.append)
    replace(components.case_prints, prints=prints).of(key, TESTER, reply.digest)
    return same_everywhere(shown)


def for_customs(components: Components, key: DossierKey) -> OpenedAnswer:
    shown: list[OpenedAnswer] = []
    prints: Any = SimpleNamespace(pdf=shown.append)
    replace(components.printed_decisions, prints=prints).pdf(key.number, key.year, None, TESTER)
    return same_everywhere(shown)


def same_everywhere(shown: list[OpenedAnswer]) -> OpenedAnswer:
    (opened,) = shown
    return replace(opened, answer=replace(opened.answer, digest=DIGEST))


def test_the_confirmation_looks_the_same_to_officers_and_to_customs(components: Components, tmp_path: Path) -> None:
    key = play(components, GROUP)
    components.completion.complete(key, OFFICER)
    with components.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE outbox SET sent_at = created_at")
    assert_looks_as_kept("confirmation", for_the_officer(components, key, ReplyKind.COMPLETION), SEEN, tmp_path)
    assert_looks_as_kept("confirmation", for_customs(components, key), SEEN, tmp_path)


def test_a_request_to_amend_and_a_refusal_look_as_they_were_looked_at(components: Components, tmp_path: Path) -> None:
    key = play(components, CITIZEN)
    components.amendments.request(key, OFFICER, reason=REASON, items=ITEMS)
    asked = for_the_officer(components, key, ReplyKind.AMENDMENT_REQUEST)
    assert_looks_as_kept("request", asked, SEEN, tmp_path)
    other = play(components, "BQP0100001/accepted-single-foreigner")
    components.completion.refuse(other, OFFICER, reason=REASON, ground="Điều 10 QĐ 15/2019/QĐ-TTg")
    assert_looks_as_kept("refusal", for_customs(components, other), SEEN, tmp_path)
