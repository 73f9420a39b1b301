"""A rehearsal on both databases: what a new set would change is told, by name and never by value."""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from adapter.cli import app
from adapter.gateways.store.database import DatabaseUnavailable
from adapter.gateways.store.tables import attempt, inbox, journal, outbox
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.pki import ROOT, shared_pki
from tests.harness.scene import Scene
from tests.harness.stores import ensure_tables

GROUP = "BQP0100001"
CASES = (
    "BQP0100001/accepted-tour-group-entering",
    "BQP0100001/refused-unit-of-another-gate",
    "BQP0100001/rejected-truncated",
    "BQP0100002/accepted-citizen-unsigned",
    "BQP0100000/accepted-heartbeat",
)
KEPT = (GROUP, "BQP0100002", "BQP0100000")
ALL = "--since=2026-03-01"
NOT_OUT = 'rules:\n  - {rule: equals, field: direction, value: XC, basis: "QĐ 15/2019/QĐ-TTg Điều 1"}\n'
"""A rule more that refuses who enters."""


@dataclass
class Stage:
    """A store with messages in it, and a new set of mappings that a test changes."""

    scene: Scene
    mappings: Path

    def receive(self) -> None:
        cases = {case.id: case for case in load_cases()}
        for number, name in enumerate(CASES):
            raw = signed(cases[name], shared_pki())
            at = CLOCK + timedelta(seconds=number)
            digest = Digest(hashlib.sha256(raw).hexdigest())
            self.scene.components.intake.receive([Submission(raw, cases[name].channel, at, digest)])

    def change(self, old: str, new: str, *, procedure: str = GROUP, version: str = "2") -> None:
        file = self.mappings / procedure / version / "procedure.yaml"
        stated = file.read_text(encoding="utf-8")
        assert old in stated
        file.write_text(stated.replace(old, new, 1), encoding="utf-8")

    def rehearse(self, *options: str, code: int, json_lines: bool = True) -> Any:
        shown = ["--json"] if json_lines else []
        words = ["rehearse", "--mappings", str(self.mappings), *options, *shown, "--config", str(self.scene.config)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines()] if json_lines else done.output

    def counted(self) -> list[int]:
        with self.scene.components.database.reading() as connection:
            tables = (inbox, outbox, journal, attempt)
            return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def _keep(data: str, folder: Path) -> Path:
    """Three procedures of the shipped data."""
    shutil.copytree(ROOT / data, folder / data)
    for procedure in (folder / data).glob("BQP*"):
        if procedure.name not in KEPT:
            shutil.rmtree(procedure)
    (folder / data / "customs.yaml").unlink(missing_ok=True)  # it names fields of every procedure
    return folder / data


@cache
def _schemas() -> Path:
    """Of all tests here, which change mappings alone: compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _keep("schemas", folder)


@cache
def _mappings() -> Path:
    """The installed set, which no test changes: compiled once too."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _keep("mappings", folder)


def set_up(folder: Path, url: str) -> Stage:
    """The installed set and the new one are the same at first: three procedures, so that proving it is quick."""
    made = Stage(Scene(folder, "amqp://127.0.0.1:1/%2F", url), shutil.copytree(_mappings(), folder / "new"))
    made.scene.configure({"folders.schemas": str(_schemas()), "folders.mappings": str(_mappings())})
    ensure_tables(made.scene.components.database)
    made.receive()
    return made


@pytest.fixture
def stage(tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    made = set_up(tmp_path, sqlite_url)
    yield made
    made.scene.close()


@pytest.fixture
def on_both(tmp_path: Path, database_url: str) -> Iterator[Stage]:
    made = set_up(tmp_path, database_url)
    yield made
    made.scene.close()


def test_the_same_set_changes_nothing(stage: Stage) -> None:
    (told,) = stage.rehearse(ALL, code=0)
    assert (told["tally"]["messages"], told["tally"]["changed"]) == (len(CASES), 0)


def test_a_rule_that_is_new_shows_whom_it_would_have_stopped_and_writes_nothing(on_both: Stage) -> None:
    stage = on_both
    before = stage.counted()
    stage.change("rules:\n", NOT_OUT)

    *changed, last = stage.rehearse(ALL, code=1)

    names = {each["procedure"]: each for each in changed}
    assert set(names) == {GROUP}
    by_outcome = {each["before"]["outcome"]: each for each in changed}
    (finding,) = by_outcome["accepted"]["after"]["findings"]
    assert by_outcome["accepted"]["after"]["outcome"] == "refused"
    assert finding[0].startswith("BQP")
    assert finding[1].endswith("GroupDeclaration/Direction")
    assert by_outcome["refused"]["after"]["outcome"] == "refused"  # one finding more
    assert last["tally"]["outcomes"] == {"accepted -> refused": 1, "refused -> refused": 1}
    assert stage.counted() == before


def test_a_value_that_reads_otherwise_is_named_and_never_shown(stage: Stage) -> None:
    stage.change("path: FullNameVi, type: text", "path: FullName, type: text")
    stage.change("itinerary, path: Programme/Itinerary", "itinerary, path: GroupName")

    *changed, _ = stage.rehearse(ALL, code=1)

    assert {name for each in changed for name in each["fields"]} == {"itinerary", "persons.fullNameVi"}
    output = stage.rehearse(ALL, code=1, json_lines=False)
    assert "NGUYEN" not in output
    assert "read otherwise: itinerary, persons.fullNameVi" in output


def test_a_version_of_next_year_is_tried_on_what_came_this_year_unless_asked_otherwise(stage: Stage) -> None:
    shutil.copytree(stage.mappings / GROUP / "2", stage.mappings / GROUP / "3")
    schemas = shutil.copytree(_schemas(), stage.mappings.parent / "schemas")
    shutil.copytree(schemas / GROUP / "2", schemas / GROUP / "3")
    stage.change("to: null", "to: 2026-12-31")
    stage.change('version: "2"', 'version: "3"', version="3")
    stage.change("from: 2025-07-01", "from: 2027-01-01", version="3")
    stage.change("rules:\n", NOT_OUT, version="3")

    *changed, _ = stage.rehearse(ALL, "--schemas", str(schemas), code=1)
    assert {each["after"]["mapping"] for each in changed} == {f"{GROUP}/3"}
    assert stage.rehearse(ALL, "--schemas", str(schemas), "--by-day", code=0)[-1]["tally"]["changed"] == 0


def test_a_procedure_and_a_version_that_are_gone_are_told(on_both: Stage) -> None:
    stage = on_both
    shutil.rmtree(stage.mappings / "BQP0100002")

    *changed, last = stage.rehearse(ALL, code=1)

    assert last["tally"]["unknown"] == {"BQP0100002": 1}
    assert last["tally"]["lost_versions"] == {"BQP0100002/2": 1}
    assert [each["after"]["outcome"] for each in changed] == ["rejected"]


def test_messages_are_bounded_by_time_and_procedure_and_what_is_told_by_the_limit(on_both: Stage) -> None:
    stage = on_both
    stage.change("rules:\n", NOT_OUT)

    def counted(*options: str, code: int = 0) -> int:
        messages: int = stage.rehearse(*options, code=code)[-1]["tally"]["messages"]
        return messages

    assert counted("--since", "2026-03-02T07:15:03") == 2
    assert counted("--since", "2026-03-01", "--until", "2026-03-02T07:15:00") == 0
    assert counted(ALL, "--procedure", "BQP0100002") == 1
    limited = stage.rehearse(ALL, "--limit", "1", code=1)
    assert len(limited) == 2
    assert limited[-1]["tally"]["changed"] == 2


def test_a_set_with_a_fault_is_not_rehearsed(stage: Stage) -> None:
    stage.change("type: upper_name", "type: uppername")
    assert "is not known" in stage.rehearse(ALL, code=2, json_lines=False)


def test_a_reading_transaction_cannot_write(on_both: Stage) -> None:
    stage = on_both
    database = stage.scene.components.database
    with pytest.raises((DBAPIError, DatabaseUnavailable)), database.reading() as connection:
        connection.execute(text("DELETE FROM attempt"))
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM attempt"))


def test_the_calendar_is_the_configured_one(stage: Stage) -> None:
    days, installed = stage.scene.folder / "days.yaml", shutil.copytree(_mappings(), stage.scene.folder / "installed")
    shutil.copy(stage.mappings / "calendar.yaml", days)
    for folder in (stage.mappings, installed):
        (folder / "calendar.yaml").unlink()
    folders = {"folders.schemas": str(_schemas()), "folders.mappings": str(installed)}
    stage.scene.configure({**folders, "folders.calendar": str(days)})
    (told,) = stage.rehearse(ALL, code=0)
    assert told["tally"]["messages"] == len(CASES)
