"""The command line: exit codes, the JSON contract of `judge`, and that it writes nothing.

It runs in this process; that it is the same in one of its own: tests/acceptance.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapter.bootstrap import now
from adapter.cli import app
from adapter.gateways.store.own_numbers import check_character
from adapter.services.watch.mode import Sight
from tests.harness import configuration
from tests.harness.authority import Wish, authority
from tests.harness.fixtures import FIXTURES, load_cases, signed
from tests.harness.pki import ROOT, SHARED_FOLDER, shared_pki
from tests.harness.website import CITIZEN, OTHER, citizen_message, configure, website

AT = "2026-03-02T07:15:00+07:00"
KEYS = {"file", "outcome", "stage", "findings", "signers", "digest"}
GROUP = "BQP0100001"
CLOSED_PORT = "amqp://guest:guest@127.0.0.1:1/%2F"


def command(*arguments: object, stdin: bytes = b"") -> Result:
    done = CliRunner().invoke(app, [*map(str, arguments)], input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of its own: the shared test PKI, a database that is not there, a broker that is not there."""
    shared_pki()
    return write_config(tmp_path)


def write_config(folder: Path, **changes: Any) -> Path:
    return configuration.write(folder, {"broker.url": CLOSED_PORT, **changes})


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Signed files by the name of their case."""
    folder = tmp_path_factory.mktemp("messages")
    wanted = {
        *("accepted-late-and-flagged", "asked-every-fault-listed", "refused-unit-of-another-gate"),
        *("rejected-missing-field", "rejected-truncated"),
    }
    files = {}
    for case in load_cases():
        procedure, _, name = case.id.partition("/")
        if procedure == GROUP and name in wanted:
            files[name] = folder / f"{name}.xml"
            files[name].write_bytes(signed(case, shared_pki()))
    assert files.keys() == wanted
    return files


def judged(*arguments: object, code: int) -> list[dict[str, Any]]:
    done = command("judge", "--json", "--at", AT, *arguments)
    assert done.exit_code == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_accepted_message_is_judged_with_stage_null_and_its_warnings(
    config: Path, messages: dict[str, Path]
) -> None:
    file = messages["accepted-late-and-flagged"]
    (told,) = judged(file, "--config", config, code=0)
    assert told.keys() == KEYS
    assert (told["file"], told["outcome"], told["stage"]) == (str(file), "accepted", None)
    assert told["digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [set(finding) for finding in told["findings"]] == [{"code", "pointer", "line", "vi", "en"}]
    assert told["findings"][0]["line"] > 1
    assert [signer["role"] for signer in told["signers"]] == ["window", "declarant"]
    assert {frozenset(signer) for signer in told["signers"]} == {frozenset({"role", "subject", "serial"})}


def test_an_inaccurate_message_is_accepted_with_every_fault(config: Path, messages: dict[str, Path]) -> None:
    (told,) = judged(messages["asked-every-fault-listed"], "--config", config, code=0)
    assert told.keys() == KEYS
    assert (told["outcome"], told["stage"]) == ("accepted", None)
    assert len(told["findings"]) > 1


def test_form_13_that_follows_an_inaccurate_message_is_told_with_what_it_asks(
    config: Path, messages: dict[str, Path]
) -> None:
    asked = command("judge", "--json", "--at", AT, messages["asked-every-fault-listed"], "--config", config)
    (told,) = [line for line in asked.stderr.splitlines() if "form 13" in line]
    assert "form 13 (20/25) follows the acceptance at once and asks for 3 item(s)" in told
    assert "Persons/Person[2]/DocumentNumber" in told
    assert "ExpectedArrival" not in told, "that it was declared late is flagged, not asked about"
    late = command("judge", "--json", "--at", AT, messages["accepted-late-and-flagged"], "--config", config)
    assert "form 13" not in late.stderr


def test_a_refused_message_stops_at_check(config: Path, messages: dict[str, Path]) -> None:
    (told,) = judged(messages["refused-unit-of-another-gate"], "--config", config, code=1)
    assert told.keys() == KEYS
    assert (told["outcome"], told["stage"]) == ("refused", "check")


def test_rejected_messages_name_the_stage_that_stopped_them(config: Path, messages: dict[str, Path]) -> None:
    files = messages["rejected-missing-field"], messages["rejected-truncated"]
    told = judged(*files, "--config", config, code=1)
    assert [(each["outcome"], each["stage"]) for each in told] == [("rejected", "validate"), ("rejected", "open")]
    assert told[1]["signers"] == []


def test_what_is_ours_to_mend_is_parked_and_the_reason_is_said_beside_the_json(
    tmp_path: Path, messages: dict[str, Path]
) -> None:
    config = configuration.edit(write_config(tmp_path), lambda stated: stated["trust"]["partners"].pop("portal"))
    file = messages["accepted-late-and-flagged"]
    done = command("judge", "--json", "--channel", "portal", "--at", AT, file, "--config", config)
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told.keys() == KEYS
    assert (told["outcome"], told["stage"], told["findings"], told["signers"]) == ("parked", "verify", [], [])
    assert "no partner is configured for channel portal" in done.stderr


def test_one_that_is_not_accepted_makes_the_exit_code_1(config: Path, messages: dict[str, Path]) -> None:
    files = messages["accepted-late-and-flagged"], messages["rejected-missing-field"]
    assert [each["outcome"] for each in judged(*files, "--config", config, code=1)] == ["accepted", "rejected"]


def test_judging_writes_nothing_and_needs_no_server(config: Path, messages: dict[str, Path]) -> None:
    before = sorted(config.parent.rglob("*"))
    judged(*messages.values(), "--config", config, code=1)
    assert sorted(config.parent.rglob("*")) == before


# judged as the portal does ---------------------------------------------------------------------------------------


def at_the_door(config: Path, message: bytes, *more: object) -> tuple[dict[str, Any], str, int]:
    """What `judge --channel portal` says of a message as a declarant posts it, and what it notes beside."""
    done = command("judge", "-", "--json", "--channel", "portal", "--at", AT, "--config", config, *more, stdin=message)
    told = json.loads(done.stdout)
    assert told.keys() == KEYS
    return told, done.stderr, done.exit_code


def test_a_message_without_number_is_judged_at_the_door_under_a_placeholder_that_is_said(config: Path) -> None:
    before = sorted(config.parent.rglob("*"))
    told, noted, code = at_the_door(config, citizen_message(), "--caller", CITIZEN)
    assert (told["outcome"], told["findings"], code) == ("accepted", [], 0)
    assert [signer["role"] for signer in told["signers"]] == ["portal"]
    assert told["digest"] == hashlib.sha256(citizen_message()).hexdigest()
    number = re.search(r"(BPTTHN2026\w+)/2026 is used, a placeholder", noted)
    assert number is not None, noted
    assert check_character(number[1][:-1]) == number[1][-1]
    assert number[1][10:-1] == "00000000", "counting begins at 1, so nobody is ever given this one"
    assert sorted(config.parent.rglob("*")) == before, "nothing is written or drawn, and no database made"


def test_the_same_message_is_judged_at_the_door_as_it_is_taken_in_there(config: Path, tmp_path: Path) -> None:
    """What is accepted, refused, rejected or turned away there has the same codes here."""
    changes = [
        {},
        {"DateOfBirth": "2026-03-02"},
        {"Phone": "?"},
        {"type": "77"},
        {"documentYear": "0999"},
        {"Gate": "X"},
    ]
    messages = [citizen_message(**change) for change in changes]
    with website(configure(tmp_path, f"sqlite:///{tmp_path}/door.db")) as site:
        site.window(Sight.DOWN)
        with site.declarant() as client:
            for number, message in enumerate(messages):
                named = message.replace(b"<messageId>", f"<messageId>n{number}".encode(), 1)
                answer = client.post("/api/v1/declarations", content=named, headers={"Content-Type": "application/xml"})
                body = answer.json()
                if answer.status_code == 202:
                    body = client.get(answer.headers["location"]).json()
                told, _, _ = at_the_door(config, named, "--caller", CITIZEN)
                assert [each["code"] for each in told["findings"]] == [
                    each["code"] for each in body.get("findings", [])
                ]


def test_whoever_is_not_the_declarant_is_found_at_the_door(config: Path) -> None:
    told, _, code = at_the_door(config, citizen_message(), "--caller", OTHER)
    assert (told["outcome"], told["stage"], code) == ("rejected", "check", 1)
    assert [finding["pointer"] for finding in told["findings"]] == ["/Envelope/Body/Content/CitizenDeclaration"]


def test_what_is_turned_away_at_the_door_is_rejected_with_the_reason(config: Path) -> None:
    heartbeat = next(case.message for case in load_cases() if case.id == "BQP0100000/accepted-heartbeat")
    told, noted, code = at_the_door(config, heartbeat)
    assert (told["outcome"], told["stage"], code) == ("rejected", "open", 1)
    assert "not-a-declaration" in noted
    told, noted, _ = at_the_door(config, b"<a>")
    assert [finding["code"] for finding in told["findings"]] == ["BQP104"]
    assert "unreadable" in noted


def test_what_the_door_has_sealed_is_judged_as_it_is_stored(config: Path) -> None:
    case = next(case for case in load_cases() if case.id == "BQP0100002/accepted-entered-directly-by-the-portal")
    told, noted, code = at_the_door(config, signed(case, shared_pki()))
    assert (told["outcome"], code) == ("accepted", 0)
    assert "sealed already" in noted


def test_a_message_can_come_by_stdin(config: Path, messages: dict[str, Path]) -> None:
    raw = messages["accepted-late-and-flagged"].read_bytes()
    done = command("judge", "-", "--json", "--at", AT, "--config", config, stdin=raw)
    assert (done.exit_code, json.loads(done.stdout)["file"]) == (0, "-")


def test_a_time_without_zone_is_vietnams(config: Path, messages: dict[str, Path]) -> None:
    file = messages["accepted-late-and-flagged"]
    arguments = ["judge", "--json", "--config", str(config), str(file), "--at"]
    naive, aware = (CliRunner().invoke(app, [*arguments, at]) for at in ("2026-03-02T07:15:00", AT))
    assert json.loads(naive.stdout)["findings"] == json.loads(aware.stdout)["findings"] != []


def test_without_json_the_findings_can_be_read(config: Path, messages: dict[str, Path]) -> None:
    arguments = ["judge", "--at", AT, str(messages["rejected-missing-field"]), "--config", str(config)]
    done = CliRunner().invoke(app, arguments)
    assert "rejected at validate" in done.stdout
    assert "BQP120" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["judge", "/nowhere/message.xml"], "there is no such file"),
        (["judge", str(ROOT)], "is a folder"),
        (["judge", "--at", "yesterday", __file__], "no ISO 8601 time"),
        (["judge"], "Missing argument"),
        (["judge", "--config", "/nowhere/config.yaml", __file__], "does not exist"),
        (["simulate", "sign", __file__, "--as", "nobody", "--pki", str(SHARED_FOLDER)], "no party 'nobody'"),
        (["simulate", "sign", __file__, "--as", "body", "--pki", "/nowhere"], "make it: nsw-adapter simulate pki"),
        (["nonsense"], "No such command"),
    ],
)
def test_usage_errors_are_told_in_words_with_exit_code_2(arguments: list[str], words: str) -> None:
    shared_pki()
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_each_fault_of_a_configuration_is_a_line_of_its_own(tmp_path: Path) -> None:
    config = write_config(tmp_path, workers={"count": 0}, web={"portal": {"port": "x"}})
    done = command("judge", __file__, "--config", config)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert all(line.startswith(f"nsw-adapter: {config}: ") for line in lines)
    assert {f"nsw-adapter: {config}: workers.count", f"nsw-adapter: {config}: web.portal.port"} <= {
        line.rpartition(": ")[0] for line in lines
    }


def test_check_tells_all_faults_at_once(config: Path, tmp_path: Path) -> None:
    def change(stated: dict[str, Any]) -> None:
        stated["keys"]["unit"]["key"] = "/nowhere/unit.pem"
        stated["keys"]["portal"]["key"] = stated["keys"]["system"]["key"]
        stated["trust"]["stores"]["public"]["anchors"] = str(tmp_path / "no-anchors")
        stated["trust"]["partners"]["nsw"]["certificates"] = [str(SHARED_FOLDER / "expired.cert.pem")]

    configuration.edit(config, change)
    done = CliRunner().invoke(app, ["check", "--json", "--config", str(config)])
    told = json.loads(done.stdout)
    text = "\n".join(f"{each['part']} {each['weight']}: {each['text']}" for each in told["remarks"])
    assert done.exit_code == 1
    assert told["faults"] >= 6
    for words in (
        "keys fault: keys.unit: cannot read /nowhere/unit.pem",
        "does not belong to the first certificate",
        "holds no anchor",
        "trust.partners.nsw: none of its certificates may sign today",
        "broker cannot tell",
        "the embedded database is not made yet",
    ):
        assert words in text
    assert not (tmp_path / "adapter.db").exists()


def _remarks(config: Path, change: Callable[[dict[str, Any]], object], *, code: int) -> dict[str, str]:
    """What `check --offline` tells of a changed configuration: text and weight.

    Without the year to come: in December it is told until the decision about its days is in the calendar.
    """
    configuration.edit(config, change)
    done = CliRunner().invoke(app, ["check", "--offline", "--json", "--config", str(config)])
    assert done.exit_code == code, done.output
    told = {each["text"]: each["weight"] for each in json.loads(done.stdout)["remarks"]}
    return {text: weight for text, weight in told.items() if "add the yearly decision" not in text}


def _second_portal(settings: dict[str, Any]) -> None:
    settings["trust"]["partners"]["portal2"] = settings["trust"]["partners"]["portal"]


def test_check_finds_what_the_second_door_could_not_begin_with(config: Path) -> None:
    told = _remarks(config, _second_portal, code=1)
    assert told == {
        "trust.partners: exactly one partner must have role portal, not portal, portal2": "fault",
    }
    assert _remarks(config, lambda settings: settings["web"]["portal"].update(enabled=False), code=0) == {}


def test_without_a_portal_check_tells_the_second_door_too(config: Path) -> None:
    told = _remarks(config, lambda settings: settings["trust"]["partners"]["portal"].update(role="window"), code=1)
    assert told == {"trust.partners: exactly one partner must have role portal, not none": "fault"}


@pytest.mark.parametrize(("beside", "weight", "code"), [(True, "warning", 0), (False, "fault", 1)])
def test_an_anchor_that_is_over_is_a_fault_only_where_no_other_counts(
    config: Path, tmp_path: Path, beside: bool, weight: str, code: int
) -> None:
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    over = authority("Anchor that is over", None, Wish(ca=True, last=now() - timedelta(days=1)))
    (anchors / "over.pem").write_bytes(over.pem())
    if beside:
        (anchors / "current.pem").write_bytes(authority("Anchor that counts").pem())
    changed = {"anchors": str(anchors), "revocation": None}
    told = _remarks(config, lambda settings: settings["trust"]["timestamping"].update(changed), code=code)
    (which,) = [each for text, each in told.items() if "Anchor that is over" in text and "expired on" in text]
    assert which == weight


def test_a_calendar_without_this_year_is_told_and_does_not_keep_a_post_down(config: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "calendar.yaml"
    calendar.write_text("years: {2020: {holidays: []}}", encoding="utf-8")
    told = _remarks(config, lambda settings: settings["folders"].update(calendar=str(calendar)), code=0)
    assert {weight for text, weight in told.items() if "is missing, so its working days" in text} == {"warning"}


def test_check_offline_finds_the_delivered_data_in_order(config: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--offline", "--config", str(config)])
    told = [line for line in done.stderr.splitlines() if not line.startswith("looking at ")]  # a slow machine's
    assert (done.exit_code, told) == (0, [])
    assert "no fault" in done.stdout


def test_check_tells_what_each_step_costs(config: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--offline", "--costs", "--json", "--config", str(config)])
    spent = json.loads(done.stdout)["cpu_seconds"]
    assert {"loading the program", "schemas and mappings", "genuine messages, judged as configured"} <= set(spent)
    assert all(seconds >= 0 for seconds in spent.values())
    assert spent["genuine messages, judged as configured"] > 0
    shown = CliRunner().invoke(app, ["check", "--offline", "--costs", "--config", str(config)]).stdout
    assert "genuine messages, judged as configured" in shown
    assert "together" in shown


def test_check_tells_a_broken_mapping_and_a_broken_topology(config: Path, tmp_path: Path) -> None:
    elsewhere = {"mappings": str(tmp_path / "m"), "queues": str(tmp_path / "q")}
    configuration.edit(config, lambda stated: stated["folders"].update(elsewhere))
    done = CliRunner().invoke(app, ["check", "--offline", "--json", "--config", str(config)])
    parts = {each["part"] for each in json.loads(done.stdout)["remarks"]}
    assert done.exit_code == 1
    assert {"catalogue", "topology"} <= parts


def test_a_database_without_its_tables_or_its_folder_is_told_with_what_to_do(config: Path, tmp_path: Path) -> None:
    done = command("dossier", "list", "--config", config)
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, line) == (
        2,
        "nsw-adapter: database: the tables are not made: run nsw-adapter database upgrade",
    )
    nowhere = write_config(tmp_path, database={"url": f"sqlite:///{tmp_path}/nowhere/adapter.db", "pool": 5})
    done = command("database", "upgrade", "--config", nowhere)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 2
    assert f"the folder {tmp_path}/nowhere is not there" in line


def test_an_unreachable_broker_is_exit_code_3_in_one_line(config: Path) -> None:
    done = command("declare", "--config", config)
    assert done.exit_code == 3
    assert len(done.stderr.splitlines()) == 1


def test_the_topology_is_exported_as_rabbitmq_definitions(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "definitions.json"
    export = ["declare", "--export", str(file), "--vhost", "border", "--config", str(config)]
    assert CliRunner().invoke(app, export).exit_code == 0
    told = json.loads(file.read_text(encoding="utf-8"))
    assert {queue["vhost"] for queue in told["queues"]} == {"border"}
    assert "adapter.declarations" in {queue["name"] for queue in told["queues"]}


def test_a_pki_is_made_with_the_documented_names_and_a_file_signed_with_it_is_accepted(
    config: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(SHARED_FOLDER, tmp_path / "pki")  # its keys would take seconds
    (folder / "enterprise.key.pem").unlink()
    made = command("simulate", "pki", folder, "--json")
    assert made.exit_code == 0, made.stderr
    told = json.loads(made.stdout)
    enterprise = next(each for each in told["parties"] if each["party"] == "enterprise")
    assert enterprise["key"] == str(folder / "enterprise.key.pem")
    assert all(Path(enterprise[name]).is_file() for name in ("key", "certificate", "chain"))
    assert list((folder / "anchors" / "public").glob("*.pem"))

    text = config.read_text(encoding="utf-8").replace(str(SHARED_FOLDER), str(folder))
    config.write_text(text, encoding="utf-8")
    unsigned = FIXTURES / GROUP / "accepted-tour-group-entering" / "message.xml"
    output = tmp_path / "signed.xml"
    sign = ["simulate", "sign", unsigned, "--as", "enterprise", "--system", "nsw", "--pki", folder]
    assert command(*sign, "-o", output).exit_code == 0
    assert [each["outcome"] for each in judged(output, "--config", config, code=0)] == ["accepted"]
    assert command(*sign).stdout_bytes.startswith(b"<?xml")
    again = command("simulate", "sign", output, "--as", "body", "--pki", folder)
    assert again.exit_code == 1
    assert "signed already" in again.stderr
