"""An answer of the window that does not fit its schema is kept and never answered (wire profile 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import inbox, outbox
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from tests.harness.fixtures import load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.registers import gate

CASES = {case.id: case for case in load_cases()}


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url) as made:
        yield made


@pytest.mark.parametrize("function", ["99", "00"])
def test_a_malformed_answer_is_kept_and_not_answered(whole: Components, function: str) -> None:
    heartbeat = CASES["BQP0100000/accepted-heartbeat"]
    message = heartbeat.message.replace(b"<function>01<", f"<function>{function}<".encode())
    assert message != heartbeat.message
    body = signed(replace(heartbeat, message=message), shared_pki())
    whole.intake.receive(
        [Submission(body, heartbeat.channel, heartbeat.clock, Digest(hashlib.sha256(body).hexdigest()))]
    )
    with whole.database.transaction() as connection:
        (row,) = connection.execute(select(inbox))
        assert (row.outcome, row.stage) == ("rejected", "validate")
        assert connection.execute(select(outbox)).all() == []
