"""Commands on the window: a suspicion is confirmed, links are stated and taken back, incidents are listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from adapter.bootstrap import Components, assemble, now
from adapter.cli import app
from adapter.gateways.store.tables import journal
from adapter.services.watch.mode import Mode
from tests.harness import configuration
from tests.harness.fixtures import CLOCK
from tests.harness.stores import sqlite_store

CITIZENS = "BQP0100002"
NOTICE = "Trực ban báo, 12/TB-TCHQ"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    sqlite_store(tmp_path / "adapter.db")
    config = configuration.write(tmp_path, {"clock.unsafe_frozen": CLOCK.isoformat(), "window.stale_s": 3600})

    def run(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, ["window", *arguments, "--config", str(config)])
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def whole(run: Run, tmp_path: Path) -> Iterator[Components]:
    """The installation that the commands are typed at."""
    made = assemble(tmp_path / "config.yaml")
    yield made
    made.database.close()


def told(done: Result) -> Any:
    return json.loads(done.stdout)


def suspected(whole: Components) -> None:
    """The clock has not reached the broker for longer than `window.broker_down_s`, and has looked just now."""
    began = now() - timedelta(seconds=100)
    replace(whole.window, clock=lambda: began).refresh(broker_up=False, started_at=began, broker_fault="gone")
    whole.window.refresh(broker_up=False, started_at=began, broker_fault="gone")
    assert whole.window.state().mode is Mode.SUSPECT


def journalled(whole: Components, event: str) -> list[tuple[str, dict[str, Any]]]:
    query = select(journal.c.actor, journal.c.detail).where(journal.c.event == event).order_by(journal.c.id)
    with whole.database.reading() as connection:
        return [(row.actor, row.detail) for row in connection.execute(query)]


def test_a_confirmed_suspicion_opens_the_portal_at_once(run: Run, whole: Components) -> None:
    suspected(whole)
    ends = (now() + timedelta(hours=3)).replace(microsecond=0)
    confirm = ("confirm", "--reason", NOTICE, "--by", "kt")
    opened = told(run(*confirm, "--expected-end", ends.isoformat(), "--json"))
    assert (opened["mode"], opened["stage"], opened["cause"]) == ("down", "direct", "broker")
    assert opened["reason"].endswith(": gone")
    assert datetime.fromisoformat(opened["expected_end"]) == ends
    ((actor, detail),) = journalled(whole, "window.confirm")
    assert (actor, detail["reason"]) == ("unregistered:kt", NOTICE)
    (incident,) = told(run("incidents", "--json"))
    assert (incident["cause"], incident["ended_at"]) == ("broker", None)
    assert "nothing is suspected now" in run(*confirm, code=1).stderr, "it is an incident already"


def test_a_suspicion_is_confirmed_with_a_reason_and_an_end_to_come(run: Run, whole: Components) -> None:
    assert "nothing is suspected now" in run("confirm", "--reason", NOTICE, code=1).stderr
    suspected(whole)
    run("confirm", code=2)
    assert "the reason" in run("confirm", "--reason", " ", code=1).stderr
    assert "lies before now" in run("confirm", "--reason", NOTICE, "--expected-end", "2026-03-02T09:00", code=1).stderr
    assert "is no ISO 8601 time" in run("confirm", "--reason", NOTICE, "--expected-end", "noon", code=2).stderr
    assert whole.window.state().mode is Mode.SUSPECT
    assert journalled(whole, "window.confirm") == []


def test_a_link_is_stated_listed_and_taken_back(run: Run, whole: Components) -> None:
    assert told(run("link", "list", "--json")) == []
    stated = run("link", "add", CITIZENS, "--document", "CV 12/TCHQ", "--by", "kt")
    number = str(whole.links.list(1)[0].id)
    assert stated.stdout == f"link {number}: {CITIZENS} is not linked at every gate\n"
    (listed,) = told(run("link", "list", "--json"))
    assert (listed["procedure"], listed["gate"], listed["linked"], listed["until"]) == (CITIZENS, None, False, None)
    assert (listed["document"], listed["stated_by"], listed["ended_by"]) == ("CV 12/TCHQ", "unregistered:kt", None)
    assert "CV 12/TCHQ" in run("link", "list").stdout
    assert run("link", "end", number, "--by", "kt2").stdout == f"link {number} is taken back\n"
    assert told(run("link", "list", "--json"))[0]["ended_by"] == "unregistered:kt2"
    assert f"no link of id {number}" in run("link", "end", number, code=1).stderr
    assert [actor for actor, _ in journalled(whole, "window.link_end")] == ["unregistered:kt2"]


def test_a_link_of_one_gate_has_its_times_in_the_zone_of_the_law(run: Run) -> None:
    times = ("--from", "2026-03-03T08:00", "--until", "2026-03-04T08:00")
    add = ("link", "add", CITIZENS, "--document", "CV 13/TCHQ", "--linked", "--gate", "HUUNGHI")
    assert set(told(run(*add, *times, "--json"))) == {"id"}
    (listed,) = told(run("link", "list", "--json"))
    assert (listed["gate"], listed["linked"]) == ("HUUNGHI", True)
    ends = [datetime.fromisoformat(listed[each]) for each in ("since", "until")]
    assert ends == [datetime.fromisoformat(f"2026-03-0{day}T08:00+07:00") for day in (3, 4)]


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        (("BQP9999999",), "there is no procedure"),
        (("BQP0100003",), "amends dossiers"),
        (("BQP0100007",), "is linked at every gate"),
        ((CITIZENS, "--gate", "NOWHERE"), "is the code of no gate"),
        ((CITIZENS, "--from", "2026-03-01T00:00"), "begins now or later"),
        ((CITIZENS, "--until", "2026-03-01T00:00"), "ends after it begins"),
        ((CITIZENS, "--document", " "), "the document"),
    ],
)
def test_what_cannot_be_stated_of_a_link_is_said(run: Run, stated: tuple[str, ...], says: str) -> None:
    assert says in run("link", "add", "--document", "CV 14/TCHQ", *stated, code=1).stderr
    assert told(run("link", "list", "--json")) == []


def test_incidents_are_listed_the_newest_first(run: Run) -> None:
    assert told(run("incidents", "--json")) == []
    for reason in ("mất điện", "đứt cáp"):
        run("override", "down", "--reason", reason, "--by", "kt")
        run("end", "--by", "kt")
    newest, oldest = told(run("incidents", "--json"))
    assert [each["reason"] for each in (newest, oldest)] == ["đứt cáp", "mất điện"]
    assert {each["cause"] for each in (newest, oldest)} == {"override"}
    assert oldest["started_at"] <= oldest["ended_at"] <= newest["started_at"]
    assert told(run("incidents", "--limit", "1", "--json")) == [newest]
    shown = run("incidents").stdout
    assert shown.index("đứt cáp") < shown.index("mất điện")
    run("incidents", "--limit", "0", code=2)
