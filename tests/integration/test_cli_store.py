"""Commands on the store: an officer's acts, the quarantine's parked part, the window's mode, tokens, the journal."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapter.bootstrap import Components, assemble
from adapter.cli import app
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from tests.harness import configuration
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.stores import sqlite_store

Run = Callable[..., Result]
CASE = "BQP0100001/accepted-tour-group-entering"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)
    return configuration.write(tmp_path, {"clock.unsafe_frozen": CLOCK.isoformat()})


@pytest.fixture
def run(config: Path) -> Run:
    """A command with its database in place; `code` is what it must end with."""

    def run(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        assert done.exit_code == code, done.output
        return done

    sqlite_store(config.parent / "adapter.db")
    return run


def told(done: Result) -> Any:
    return json.loads(done.stdout)


def receive(config: Path, *, park: str | None = None, name: str = CASE) -> tuple[str, str]:
    """One declaration into the store; gives number and year."""
    with_store = opened(config)
    case = next(case for case in load_cases() if case.id == name)
    raw = signed(case, shared_pki())
    submission = Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))
    if park is None:
        with_store.intake.receive([submission])
    else:
        with_store.intake.park(submission, park)
    with_store.database.close()
    return "BQP2026000101", "2026"


def opened(config: Path) -> Components:
    return assemble(config)


def dossier_key(run: Run) -> list[str]:
    (only,) = told(run("dossier", "list", "--json"))
    return [only["number"], str(only["year"])]


OFFICER = ["--officer", "cb-01", "--name", "Tran Van Quan", "--rank", "Dai uy"]


def test_upgrading_twice_changes_nothing_and_check_is_content_then(run: Run) -> None:
    first, second = told(run("database", "upgrade", "--json")), told(run("database", "upgrade", "--json"))
    assert first == second
    remarks = told(run("check", "--json", code=1))["remarks"]
    assert [remark["part"] for remark in remarks if remark["weight"] != "warning"] == ["broker"]


def test_completing_sends_one_signed_confirmation_and_only_once(run: Run, config: Path) -> None:
    receive(config)
    key = dossier_key(run)
    done = told(run("dossier", "complete", *key, *OFFICER, "--json"))
    assert (done["state"], done["reply"]["pair"], done["reply"]["sent_at"]) == ("confirmation_signed", "30/23", None)
    assert done["confirmation_number"].startswith("XN")
    again = run("dossier", "complete", *key, *OFFICER, code=1)
    assert "is confirmed: not possible now: complete; possible: request an amendment" in again.stderr
    pairs = [reply["pair"] for reply in told(run("dossier", "show", *key, "--json"))["replies"]]
    assert pairs == ["20/21", "30/23"]


def test_a_confirmed_dossier_cannot_be_refused_and_the_officer_is_told_why(run: Run, config: Path) -> None:
    receive(config)
    run("dossier", "complete", *dossier_key(run), *OFFICER)
    refused = run("dossier", "refuse", *dossier_key(run), *OFFICER, "--reason", "x", code=1)
    unregistered, told_why = refused.stderr.splitlines()
    assert unregistered.startswith("note: the register of people is empty")
    assert told_why.startswith("nsw-adapter: dossier ")


def test_what_was_brought_later_is_recorded_once(run: Run, config: Path) -> None:
    receive(config, name="BQP0100004/accepted-original-letter-to-follow")
    key = dossier_key(run)
    run("dossier", "complete", *key, *OFFICER)
    (due,) = [each for each in told(run("deadlines", "--json"))["due"] if each["party"] == "declarant"]
    assert (due["name"], due["party"]) == ("originalLetter", "declarant")
    brought = ("dossier", "brought", *key, "originalLetter", "--officer", "cb-01")
    assert "still to come" in run(*brought, "--at", "2026-03-02T07:16", code=1).stderr
    given = told(run(*brought, "--at", "2026-03-02T00:15:00+00:00", "--json"))
    assert given == {
        "number": key[0],
        "year": int(key[1]),
        "deadline": due["name"],
        "brought_at": "2026-03-02T07:15:00+07:00",
    }
    assert "to be brought: nothing" in run(*brought, code=1).stderr
    assert journalled(config, "dossier.brought") == ["unregistered:cb-01"]


def test_a_paper_of_a_version_that_was_replaced_is_found_with_the_version_that_replaced_it(
    run: Run, config: Path
) -> None:
    """Letter of 27/5/2022: what is looked up by an older paper is not what is in force."""
    first = declaration(1)
    newer = declaration("newer", reference=first.reference, function="02", sent="2026-03-02 07:14:59", paper="C7654321")
    for message in (first, newer):
        opened(config).intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
    (row,) = [
        line for line in run("dossier", "find", "--paper", "C1234567").stdout.splitlines() if first.reference in line
    ]
    assert [each.strip() for each in row.split("│")][-3:-1] == ["2", "no"]
    (row,) = [
        line for line in run("dossier", "find", "--paper", "C7654321").stdout.splitlines() if first.reference in line
    ]
    assert [each.strip() for each in row.split("│")][-3:-1] == ["–", "no"]


def test_a_dossier_is_found_by_its_ship_and_the_looking_is_journalled(run: Run, config: Path) -> None:
    receive(config, name="BQP0100007/accepted-arrival-with-passengers")
    (ship,) = told(run("dossier", "find", "--ship", "thu nghiem 01", "--by", "cb-01", "--json"))
    assert (ship["procedure"], ship["state"]) == ("BQP0100007", "received")
    assert "BQP0100007" in run("dossier", "find", "--ship", "9074729").stdout
    assert told(run("dossier", "find", "--plate", "9074729", "--json", code=1)) == []
    run("dossier", "find", "--ship", "9074729", "--plate", "3B-5678", code=2)
    run("dossier", "find", code=2)

    with closing(sqlite3.connect(config.parent / "adapter.db")) as connection:
        query = "SELECT actor, detail FROM journal WHERE event = 'lookup.dossiers' ORDER BY id"
        looked = [(actor, json.loads(detail)) for actor, detail in connection.execute(query)]
    assert [(detail["kind"], detail["hits"]) for _, detail in looked] == [("ship", 1), ("ship", 1), ("plate", 0)]
    assert (looked[0][0], looked[0][1]["office"]) == ("unregistered:cb-01", "*")
    assert looked[0][1]["value"] == hashlib.sha256(b"THUNGHIEM01").hexdigest()


def test_a_dossier_that_is_not_there_is_exit_code_1(run: Run) -> None:
    assert "there is no dossier NONE/2026" in run("dossier", "show", "NONE", "2026", code=1).stderr


def test_a_dossiers_life_hides_personal_values_until_asked_and_the_asking_is_journalled(run: Run, config: Path) -> None:
    receive(config)
    key = dossier_key(run)
    hidden = told(run("dossier", "show", *key, "--json"))
    names = [person["fullName"] for person in hidden["versions"][0]["rows"]["persons"]]
    assert set(names) == {"***"}
    assert hidden["declarant"] == "***"
    assert hidden["versions"][0]["signer"]["subject"] == "***"
    assert hidden["dossier"]["confirm_due_at"] == "2026-03-02T10:15:00+07:00"
    shown = told(run("dossier", "show", *key, "--json", "--personal", "--by", "thanh-tra"))
    assert all(person["fullName"] != "***" for person in shown["versions"][0]["rows"]["persons"])
    assert journalled(config, "dossier.personal_shown") == ["unregistered:thanh-tra"]
    assert "***" in run("dossier", "show", *key).stdout


@pytest.mark.parametrize(
    ("case", "claimed", "proven"),
    [
        ("accepted-tour-group-entering", None, None),
        ("accepted-signed-as-xades-bes", "2026-03-02T07:10:00+07:00", None),
        ("accepted-signed-as-xades-t", "2026-03-02T07:10:00+07:00", "2026-03-02T07:10:01+07:00"),
    ],
)
def test_an_officer_sees_when_a_version_was_signed_as_claimed_and_as_proven(
    run: Run, config: Path, case: str, claimed: str | None, proven: str | None
) -> None:
    receive(config, name=f"BQP0100001/{case}")
    key = dossier_key(run)
    signer = told(run("dossier", "show", *key, "--json"))["versions"][0]["signer"]
    assert (signer["claimed_at"], signer["proven_at"]) == (claimed, proven)
    text = run("dossier", "show", *key).stdout
    for row, time in (("signed at, by his own word", claimed), ("signed at, proven by a time stamp", proven)):
        (shown,) = [line for line in text.splitlines() if row in line]
        assert (time or "–") in shown


def journalled(config: Path, event: str) -> list[str]:
    with sqlite3.connect(config.parent / "adapter.db") as connection:
        return [actor for (actor,) in connection.execute("SELECT actor FROM journal WHERE event = ?", (event,))]


def test_a_list_can_be_asked_by_state(run: Run, config: Path) -> None:
    receive(config)
    assert len(told(run("dossier", "list", "--state", "accepted", "--json"))) == 1
    assert told(run("dossier", "list", "--state", "refused", "--json")) == []


def test_verifying_the_journal_finds_an_altered_entry(run: Run, config: Path) -> None:
    receive(config)
    whole = told(run("journal", "verify", "--json"))
    assert (whole["chains"], whole["faults"]) == (1, [])
    with sqlite3.connect(config.parent / "adapter.db") as connection:
        connection.execute("UPDATE journal SET actor = 'somebody else' WHERE dossier_id IS NOT NULL")
    assert len(told(run("journal", "verify", "--json", code=1))["faults"]) == 1


def test_a_parked_message_is_shown_kept_back_and_replayed(run: Run, config: Path, tmp_path: Path) -> None:
    receive(config, park="taken up 3 times")
    listing = run("quarantine", "list", "--json")
    (held,) = told(listing)["held"]
    assert (held["source"], held["reason"]) == ("store", "taken up 3 times")
    assert "broker" in told(listing)["notes"][0]
    assert (held["dossier"], held["sent_at"]) == ("BQP2026000101/2026", "2026-03-02 07:14:58")
    assert held["message_id"] in run("quarantine", "list").stdout
    payload = tmp_path / "payload.xml"
    payload.write_text("of an earlier night, and everybody's")
    payload.chmod(0o644)
    shown = told(run("quarantine", "show", held["id"][:8], "--payload", str(payload), "--by", "kt", "--json"))
    assert hashlib.sha256(payload.read_bytes()).hexdigest() == shown["digest"]
    assert payload.stat().st_mode & 0o077 == 0
    replayed = told(run("quarantine", "replay", held["id"], "--by", "kt", "--json"))
    assert replayed["settled"]["outcome"] == "accepted"
    assert told(run("quarantine", "list", "--json"))["held"] == []
    assert len(told(run("dossier", "list", "--json"))) == 1
    assert journalled(config, "quarantine.payload") == ["unregistered:kt"]
    assert journalled(config, "quarantine.replay") == ["unregistered:kt"]


def test_what_a_stranger_wrote_into_a_parked_message_does_not_reach_the_terminal_raw(run: Run, config: Path) -> None:
    raw = "<Envelope><messageId>M\x9b31m\u202e</messageId><reference>D\x1b[2J</reference>".encode()
    with_store = opened(config)
    with_store.intake.park(Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest())), "broken")
    with_store.database.close()
    (held,) = told(run("quarantine", "list", "--json"))["held"]
    for shown in (run("quarantine", "list").stdout, run("quarantine", "show", held["id"]).stdout):
        assert "D\\x1b[2J" in shown
        assert "M\\x9b31m\\u202e" in shown
        assert not {"\x9b", "\x1b", "\u202e"} & set(shown)


def test_the_log_names_why_a_message_is_parked_and_nothing_of_it(config: Path, run: Run) -> None:
    told_of: list[dict[str, Any]] = []
    with_store = opened(config)
    with_store.observe = lambda event, /, **fields: told_of.append({"event": event, **fields})
    case = next(case for case in load_cases() if case.id == CASE)
    raw = signed(case, shared_pki())
    with_store.intake.park(Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest())), "x 7 y")
    with_store.database.close()
    (parked,) = [each for each in told_of if each["event"] is Event.PARKED]
    assert parked["reason"] == "taken_up_too_often"
    assert "x 7 y" not in str(parked)


def test_an_id_that_is_too_short_or_unknown_is_exit_code_1(run: Run) -> None:
    assert "at least 8 characters" in run("quarantine", "show", "abc", code=1).stderr
    assert "no message in quarantine" in run("quarantine", "replay", "abcdefgh", code=1).stderr


def test_an_override_stands_until_it_is_ended(run: Run) -> None:
    assert told(run("window", "status", "--json"))["mode"] == "unknown"
    down = told(run("window", "override", "down", "--reason", "line cut", "--by", "kt", "--json"))
    assert (down["mode"], down["override_by"]) == ("down", "unregistered:kt")
    assert down["incident"].startswith("override")
    assert told(run("window", "end", "--json"))["incident"] is None
    run("window", "override", "sideways", "--reason", "x", code=2)
    run("window", "override", "down", code=2)


def test_a_token_is_shown_once_and_revoked(run: Run) -> None:
    issued = told(run("token", "issue", "--role", "customs", "--label", "HQ Huu Nghi", "--office", "HUUNGHI", "--json"))
    listing = run("token", "list", "--json")
    assert issued["token"] not in listing.stdout
    assert [each["revoked_at"] for each in told(listing)] == [None]
    run("token", "revoke", str(issued["id"]))
    assert told(run("token", "list", "--json"))[0]["revoked_at"] is not None
    run("token", "revoke", str(issued["id"]), code=1)
    run("token", "issue", "--role", "customs", "--label", "no office", code=1)
    run("token", "issue", "--role", "king", "--label", "x", code=2)
