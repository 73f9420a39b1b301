"""Transfers (40/01) that the window has not confirmed (40/99): the operator sees which, and before he says `up`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from adapter.bootstrap import Components, assemble
from adapter.cli import app
from adapter.gateways.store import replies
from adapter.gateways.store.tables import outbox
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.watch.mode import Sight
from tests.harness import configuration
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.stores import ensure_tables


@pytest.fixture
def whole(tmp_path: Path, database_url: str) -> Iterator[Components]:
    stated = {"clock.unsafe_frozen": CLOCK.isoformat()}
    made = assemble(configuration.write(tmp_path, stated, database_url=database_url))
    ensure_tables(made.database)
    yield made
    made.database.close()


@pytest.fixture
def config(whole: Components, tmp_path: Path) -> Path:
    del whole
    return tmp_path / "config.yaml"


def run(config: Path, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
    assert done.exit_code == code, done.output
    return done


def declared(whole: Components, number: int) -> DossierKey:
    """Declared by the portal and confirmed: its acceptance and its confirmation are transferred."""
    message = declaration(number, signer="portal")
    whole.intake.receive([Submission(message.raw, Channel.PORTAL, CLOCK, Digest(message.digest))])
    key = DossierKey(message.reference, 2026)
    whole.completion.complete(key, OFFICER)
    return key


def answered(whole: Components, answer: str) -> None:
    """The window answers the oldest transfer that it has not answered."""
    query = select(outbox.c.id).where(outbox.c.route == "transfer", outbox.c.answer.is_(None)).order_by(outbox.c.id)
    with whole.database.transaction() as connection:
        replies.mark_answered(connection, connection.execute(query.limit(1)).scalar_one(), answer, CLOCK)


def listed(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(config, "window", "transfers", "--json").stdout)
    return found


def test_a_transfer_is_listed_until_the_window_has_confirmed_it(whole: Components, config: Path) -> None:
    assert listed(config) == []
    key = declared(whole, 1)
    waiting = listed(config)
    assert [(each["dossier"], each["sent_at"], each["answer"]) for each in waiting] == [(str(key), None, None)] * 2
    assert str(key) in run(config, "window", "transfers").stdout
    answered(whole, "receipt")
    assert listed(config) == waiting[1:]
    answered(whole, "error")
    assert [each["answer"] for each in listed(config)] == ["error"], "an error ends nothing"


def notes(done: Result) -> list[str]:
    """What is said of transfers before the command acts."""
    return [line for line in done.stderr.splitlines() if "transfer" in line]


def test_whoever_says_up_hears_first_what_is_not_confirmed(whole: Components, config: Path) -> None:
    up = ("window", "override", "up", "--reason", "thử đường truyền")
    assert notes(run(config, *up)) == []
    declared(whole, 1)
    answered(whole, "receipt")
    (said,) = notes(run(config, *up))
    assert said.startswith("note: 1 transfer(s) are not confirmed by the window; 1 of them have not left and leave now")
    assert notes(run(config, "window", "override", "down", "--reason", "mất kết nối")) == []

    # Told before it acts: what is turned down then was told already.
    early = run(config, *up, "--expected-end", "2026-03-02T09:00", code=1)
    assert len(notes(early)) == 1
    assert whole.window.state().condition is Sight.DOWN
