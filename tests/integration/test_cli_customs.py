"""Commands about customs: programs and their issuers, what an officer looks up, who has looked what up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from adapter.cli import app
from tests.harness import configuration
from tests.harness.assertions import CLIENT, ISSUER, client, issuer

Run = Callable[..., Result]
PROCEDURE, SHIPS = "BQP0100001", "BQP0100007"


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str) -> Run:
    """Commands of an installation with an administrator, an office and an officer of it."""
    file = configuration.write(tmp_path, {"customs.procedures": [SHIPS]}, database_url=sqlite_url)

    def run(*arguments: str, code: int = 0, typed: str | None = None) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--config", str(file)], input=typed)
        assert done.exit_code == code, (done.output, done.exception)
        return done

    run("people", "add", "hoa", "--name", "LE THI HOA", "--role", "administrator")
    run("office", "add", "HN", "--name", "Hữu Nghị", "--at", "HUUNGHI", "--by", "hoa")
    run("people", "add", "bay", "--name", "BAY", "--role", "customs_officer", "--office", "HN", "--by", "hoa")
    run("people", "add", "son", "--name", "SON", "--role", "auditor", "--by", "hoa")
    return run


def told(run: Run, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_a_program_and_its_issuer_are_registered_changed_listed_and_ended(run: Run, tmp_path: Path) -> None:
    keys = {}
    for name, signer in (("issuer", issuer()), ("program", client()), ("next", client())):
        keys[name] = str(tmp_path / f"{name}.json")
        Path(keys[name]).write_text(signer.public, encoding="utf-8")
    by = ("--by", "hoa")
    run("issuer", "add", ISSUER, "--name", "SSO", "--key", keys["issuer"], *by)
    whole = ("--name", "E-Customs", "--office", "HN", "--issuer", ISSUER)
    done = run("client", "add", CLIENT, *whole, "--key", keys["issuer"], *by, code=1)
    assert "has this key" in done.stderr, "a key of an issuer authenticates no client"
    done = run("client", "add", CLIENT, *whole, "--key", keys["program"], *by)
    assert f"client {CLIENT} is registered, with 1 key(s)" in done.stdout
    (first,) = told(run, "client", "list")
    run("client", "change", CLIENT, *whole, "--key", keys["next"], "--procedure", PROCEDURE, *by)
    (second,) = told(run, "client", "list")
    assert first["keys"] != second["keys"]
    assert (second["offices"], second["issuers"], second["procedures"]) == (["HN"], [ISSUER], [PROCEDURE])
    done = run("client", "end", CLIENT, "--reason", "stolen", *by)
    assert f"client {CLIENT} is believed no more" in done.stdout
    assert told(run, "client", "list") == []
    assert [each["reason"] for each in told(run, "client", "list", "--all")] == ["changed", "stolen"]
    run("issuer", "change", ISSUER, "--name", "SSO 2", "--key", keys["issuer"], *by)
    assert [each["name"] for each in told(run, "issuer", "list")] == ["SSO 2"]
    run("issuer", "end", ISSUER, "--reason", "moved", *by)
    assert told(run, "issuer", "list") == []


def test_a_private_key_and_a_secret_are_no_key_of_a_program(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(client().key.as_dict(private=True)), encoding="utf-8")
    done = run("issuer", "add", ISSUER, "--name", "SSO", "--key", str(file), "--by", "hoa", code=1)
    assert "private" in done.stderr
    assert told(run, "issuer", "list") == []


def test_look_ups_are_given_withdrawn_and_told_with_who_did_it(run: Run) -> None:
    by = ("--by", "hoa")
    assert PROCEDURE in run("people", "lookups", "bay").stdout
    run("people", "withdraw-lookup", "bay", "--procedure", PROCEDURE, *by)
    assert SHIPS in run("people", "give-lookup", "bay", "--procedure", SHIPS, *by).stdout
    shown = told(run, "people", "lookups", "bay")
    assert PROCEDURE not in shown["procedures"]
    assert SHIPS in shown["procedures"]
    assert [(each["procedure"], each["allowed"], each["by"]) for each in shown["history"]] == [
        (PROCEDURE, False, "person:hoa"),
        (SHIPS, True, "person:hoa"),
    ]
    assert "is not looked up here" in run("people", "give-lookup", "bay", "--procedure", "BQP9", *by, code=1).stderr
    mine = run("people", "give-lookup", "bay", "--procedure", PROCEDURE, "--by", "bay", code=1)
    assert "no right" in mine.stderr


def test_the_journal_of_look_ups_is_read_by_whoever_may_and_that_is_journalled(run: Run) -> None:
    assert told(run, "journal", "lookups", "--officer", "bay", "--by", "son") == []
    found = run("journal", "lookups", "--paper", "-", "--by", "son", typed="C1234567\n")
    assert "C1234567" not in found.output
    assert "no right to read the journal" in run("journal", "lookups", "--by", "bay", code=1).stderr
    assert "is no number with its year" in run("journal", "lookups", "--dossier", "BP1", "--by", "son", code=2).stderr
