"""The register of people as an administrator has it in his commands."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from adapter.cli import app
from tests.harness import configuration

Run = Callable[..., Result]
EMPTY = "note: the register of people is empty, so any name acts: make an administrator with `nsw-adapter people add`"


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str) -> Run:
    file = configuration.write(tmp_path, database_url=sqlite_url)

    def run(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--config", str(file)])
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


def add(run: Run, *words: str, code: int = 0) -> Result:
    return run("people", "add", *words, "--json", code=code)


@pytest.fixture
def hoa(run: Run) -> Run:
    """`run`, once the administrator `hoa` is registered."""
    add(run, "hoa", "--name", "LE THI HOA", "--role", "administrator")
    return run


def test_the_first_administrator_is_made_with_a_warning_and_by_name_of_the_account(run: Run) -> None:
    done = add(run, "hoa", "--name", "LE THI HOA", "--role", "administrator")
    made = json.loads(done.stdout)
    assert (made["id"], made["roles"], made["granted_by"]) == (
        "hoa",
        ["administrator"],
        f"unregistered:{getpass.getuser()}",
    )
    assert EMPTY in done.stderr


def test_after_that_whoever_is_not_registered_is_turned_away_in_one_line(hoa: Run) -> None:
    done = add(hoa, "an", "--name", "NGUYEN VAN AN", "--role", "officer", code=1)
    assert done.stderr.splitlines() == [
        f"nsw-adapter: nobody is registered as '{getpass.getuser()}': see `people list`"
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "chief"), "there is no role 'chief' in the register; there are: officer, commander, deputy, "),
        (("--role", "officer", "--unit", "XX"), "there is no unit 'XX'; there are: CK-HUUNGHI"),
        (("--role", "auditor", "--unit", "XX"), "a unit goes with one of the roles officer, commander, deputy"),
        (("--role", "customs_officer", "--office", "XX"), "there is no office 'XX'; there are: none yet"),
    ],
)
def test_a_wrong_role_unit_or_office_is_one_line_that_lists_what_there_is(
    hoa: Run, words: tuple[str, ...], told: str
) -> None:
    done = add(hoa, "an", "--name", "NGUYEN VAN AN", *words, "--by", "hoa", code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nsw-adapter: {told}")


def test_a_person_is_added_listed_changed_shown_removed_and_restored(hoa: Run) -> None:
    by = ("--by", "hoa")
    add(hoa, "an", "--name", "NGUYEN VAN AN", "--rank", "Đại úy", "--role", "officer", "--role", "operator", *by)
    assert [each["id"] for each in json.loads(hoa("people", "list", "--json").stdout)] == ["an", "hoa"]
    assert "unit CK-HUUNGHI" in hoa("people", "change", "an", "--role", "commander", *by).stdout
    changed = json.loads(
        hoa("people", "change", "an", "--role", "auditor", "--name", "NGUYEN AN", "--json", *by).stdout
    )
    assert (changed["roles"], changed["unit"], changed["name"], changed["rank"]) == (
        ["auditor"], None, "NGUYEN AN", "Đại úy",
    )  # fmt: skip
    assert "an is removed since" in hoa("people", "remove", "an", "--reason", "Nghỉ hưu", *by).stdout
    assert [each["id"] for each in json.loads(hoa("people", "list", "--json").stdout)] == ["hoa"]
    entries = json.loads(hoa("people", "show", "an", "--json").stdout)
    assert [each["roles"] for each in entries] == [["officer", "operator"], ["commander"], ["auditor"]]
    assert entries[-1]["reason"] == "Nghỉ hưu"
    assert {each["id"] for each in json.loads(hoa("people", "list", "--all", "--json").stdout)} == {"an", "hoa"}
    hoa("people", "restore", "an", *by)
    assert "an is registered already" in add(hoa, "an", "--name", "A", "--role", "auditor", *by, code=1).stderr


def test_check_warns_of_whoever_is_of_a_unit_that_is_not_stated_any_more(
    hoa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(hoa, "an", "--name", "NGUYEN VAN AN", "--role", "officer", "--by", "hoa")
    monkeypatch.setenv("NSW_INSTALLATION__OWN__UNIT_CODE", "CK-MONGCAI")
    told = json.loads(hoa("check", "--json", code=1).stdout)["remarks"]
    (warning,) = [each for each in told if each["part"] == "people"]
    assert warning["weight"] == "warning"
    assert warning["text"].startswith("an is of unit CK-HUUNGHI, which this installation does not state")


def test_changing_nothing_is_a_usage_error(hoa: Run) -> None:
    assert "say what changes" in hoa("people", "change", "hoa", "--by", "hoa", code=2).stderr
    assert "say what changes" in hoa("office", "change", "HN", "--by", "hoa", code=2).stderr


def test_offices_are_added_changed_listed_and_removed(hoa: Run) -> None:
    by = ("--by", "hoa")
    hoa("office", "add", "CHQ", "--name", "Cục Hải quan", *by)
    assert (
        "looks up: HUUNGHI"
        in hoa("office", "add", "HN", "--name", "Hữu Nghị", "--under", "CHQ", "--at", "HUUNGHI", *by).stdout
    )
    add(hoa, "bay", "--name", "PHAM THI BAY", "--role", "customs_officer", "--office", "HN", *by)
    assert "of office HN are still: bay" in hoa("office", "remove", "HN", *by, code=1).stderr
    hoa("office", "change", "HN", "--top", "--at", "CK-HUUNGHI", *by)
    listed = json.loads(hoa("office", "list", "--json").stdout)
    assert listed[1] == {"code": "HN", "name": "Hữu Nghị", "parent": None, "places": ["CK-HUUNGHI"]}
    hoa("office", "remove", "CHQ", *by)
    assert (
        "there is no gate or unit 'XX'; there are: " in hoa("office", "change", "HN", "--at", "XX", *by, code=1).stderr
    )
