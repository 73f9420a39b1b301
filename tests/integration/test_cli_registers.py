"""`certificate`, `authorisation` and `account`: what they do, what they say, and how they end."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.harness import attached, configuration
from tests.harness.pki import shared_pki
from tests.integration.test_cli_store import Run, config, receive, run, told

__all__ = ["config", "run"]  # fixtures
CITIZEN, ENTERPRISE, OTHER = "001085012345", "0100109106", "0100112437"
WHO = ["--officer", "cb-0001"]


def shown(config: Path) -> list[tuple[str, str, list[int]]]:
    """What the journal says of registers that were shown: to whom, which, which rows."""
    with sqlite3.connect(config.parent / "adapter.db") as connection:
        found = connection.execute("SELECT actor, detail FROM journal WHERE event = 'register.shown' ORDER BY at, id")
        return [(actor, (stated := json.loads(detail))["register"], stated["rows"]) for actor, detail in found]


def file_of(party: str) -> str:
    return str(shared_pki().certificate_file(party))


def test_certificates_are_imported_from_pem_der_and_chains(run: Run, tmp_path: Path) -> None:
    der = tmp_path / "citizen.cer"
    der.write_bytes(shared_pki().party("citizen").certificate.public_bytes(Encoding.DER))
    chain = str(shared_pki().folder / "enterprise.chain.pem")
    imported = told(run("certificate", "import", str(der), chain, "--registered-with", "window", "--json"))
    assert [each["certificate"]["number"] for each in imported] == [CITIZEN, ENTERPRISE]
    assert {each["certificate"]["registered_with"] for each in imported} == {"window"}
    again = told(run("certificate", "import", str(der), chain, "--json"))
    assert [each["new"] for each in again] == [False, False]
    assert len(told(run("certificate", "list", "--json"))) == 2


def test_everything_that_stands_in_the_way_of_an_import_is_told_at_once(run: Run, tmp_path: Path) -> None:
    nothing = tmp_path / "letter.txt"
    nothing.write_text("no certificate")
    anchor = next(shared_pki().anchors("public").glob("*.pem"))
    done = run("certificate", "import", str(nothing), str(anchor), file_of("citizen"), code=1)
    assert "neither PEM nor DER" in done.stderr
    assert "of an authority only" in done.stderr
    done = run("certificate", "import", file_of("body"), file_of("expired"), file_of("citizen"), code=1)
    assert "give it with --number" in done.stderr
    assert "expired on 2025-01-01" in done.stderr
    assert told(run("certificate", "list", "--json")) == []


def test_a_certificate_is_found_by_serial_number_in_any_spelling_and_by_fingerprint(run: Run) -> None:
    run("certificate", "import", file_of("citizen"))
    (stored,) = told(run("certificate", "list", "--json"))
    serial = stored["serial"].upper().rjust(42, "0")
    spaced = ":".join(serial[place : place + 2] for place in range(0, len(serial), 2))
    for which in (stored["serial"], serial, spaced, stored["fingerprint"], str(stored["id"])):
        assert told(run("certificate", "show", which, "--json"))["id"] == stored["id"]
    assert "no certificate 'ff' is registered" in run("certificate", "show", "ff", code=1).stderr


def test_a_certificate_is_suspended_and_restored_with_reason_and_officer(run: Run) -> None:
    run("certificate", "import", file_of("citizen"))
    (stored,) = told(run("certificate", "list", "--json"))
    reason = ["--reason", "Mất khóa", *WHO]
    suspended = told(run("certificate", "suspend", stored["serial"], *reason, "--json"))
    assert (suspended["state"], suspended["reason"], suspended["officer"]) == ("suspended", "Mất khóa", "cb-0001")
    assert "suspended already" in run("certificate", "suspend", stored["serial"], *reason, code=1).stderr
    assert told(run("certificate", "restore", stored["serial"], *reason, "--json"))["state"] == "active"


def test_the_report_says_what_breaks_on_a_day(run: Run) -> None:
    assert "nothing breaks" in run("certificate", "report", "--at", "2030-01-01").stdout
    found = told(run("certificate", "report", "--at", "2045-06-01", "--json", code=1))
    stops = {(each["certificate"]["use"], each["certificate"]["name"]): each["stops"] for each in found["certificates"]}
    assert "no reply can be signed" in stops["keys", "system"]
    assert "rejected" in stops["trust.partners", "nsw"]
    assert "proves a signing time" in stops["trust.stores.anchors", "timestamping"]
    assert {use for use, _ in stops} == {
        *("keys", "trust.partners", "trust.stores.anchors", "trust.stores.intermediates"),
    }
    assert found["breaks"] == len(found["certificates"]) > 0


def test_the_report_of_today_lists_what_ends_within_the_days_of_the_alerts(run: Run, config: Path) -> None:
    """It breaks nothing today, and who looks at night wants to know before it does."""
    every = told(run("certificate", "report", "--at", "2100-01-01", "--json", code=1))["certificates"]
    ends = min(datetime.fromisoformat(each["certificate"]["valid_to"]) for each in every)
    near = (ends - timedelta(days=20)).isoformat()
    configuration.edit(config, lambda stated: stated["clock"].update(unsafe_frozen=near))
    found = told(run("certificate", "report", "--json"))
    assert (found["breaks"], found["certificates"]) == (0, [])
    assert all(datetime.fromisoformat(each["certificate"]["valid_to"]) >= ends for each in found["ending"])
    assert all(each["stops"] and not each["stops"].startswith("nothing") for each in found["ending"])
    shown = run("certificate", "report").stdout
    assert "Ends within 60 days" in shown
    assert f"within 60 days {len(found['ending'])} certificate(s) end" in shown
    assert told(run("certificate", "report", "--at", near, "--json"))["ending"] == []

    early = (ends - timedelta(days=3000)).isoformat()
    configuration.edit(config, lambda stated: stated["clock"].update(unsafe_frozen=early))
    assert "within 60 days no certificate(s) end" in run("certificate", "report").stdout


def test_an_authorisation_is_granted_listed_and_revoked(run: Run) -> None:
    grant = ["authorisation", "grant", "--holder", OTHER, "--principal", ENTERPRISE, "--document", "UQ-1"]
    number = told(run(*grant, "--to", "2026-03-02", "--json"))["id"]
    (listed,) = told(run("authorisation", "list", "--in-force", "--json"))
    assert listed["valid_to"].startswith("2026-03-02T23:59:59"), "a last day is in force to its end"
    assert "registered already" in run(*grant, code=1).stderr
    run("authorisation", "revoke", str(number), "--reason", "Hết hợp đồng")
    assert told(run("authorisation", "list", "--in-force", "--json")) == []
    assert "no authorisation" in run("authorisation", "revoke", str(number), "--reason", "x", code=1).stderr


def test_the_scanned_letter_is_kept_by_its_hash_and_given_to_staff_with_the_right_only(
    run: Run, config: Path, tmp_path: Path
) -> None:
    scan, out, raw = tmp_path / "uỷ quyền.pdf", tmp_path / "given.pdf", attached.letter()
    scan.write_bytes(raw)
    grant = ["authorisation", "grant", "--holder", OTHER, "--principal", ENTERPRISE, "--document", "UQ-1"]
    number = str(told(run(*grant, "--file", str(scan), "--json"))["id"])
    digest = hashlib.sha256(raw).hexdigest()
    (listed,) = told(run("authorisation", "list", "--json"))
    assert (listed["file_digest"], listed["file_name"]) == (digest, scan.name)
    run("authorisation", "file", number, "--out", str(out))
    assert (out.read_bytes(), out.stat().st_mode & 0o777) == (raw, 0o600)
    with sqlite3.connect(config.parent / "adapter.db") as connection:
        kept = connection.execute("SELECT scan FROM stored_file WHERE digest = ?", (digest,)).fetchall()
        events = connection.execute("SELECT event, detail FROM journal WHERE detail LIKE '%' || ? || '%'", (digest,))
        assert (kept, sorted(event for event, _ in events)) == (
            [("not_scanned",)],
            ["attachment.given", "authorisation.grant"],
        )
        connection.execute("UPDATE stored_file SET scan = 'infected'")
    assert "no scanned letter" in run("authorisation", "file", number, "--out", str(out), code=1).stderr


def test_a_letter_that_is_no_harmless_file_is_not_registered(run: Run, tmp_path: Path) -> None:
    scan = tmp_path / "a.pdf"
    scan.write_bytes(attached.pdf_that_launches())
    grant = ["authorisation", "grant", "--holder", OTHER, "--principal", ENTERPRISE, "--document", "UQ-1"]
    assert "PDF" in run(*grant, "--file", str(scan), code=1).stderr
    assert told(run("authorisation", "list", "--json")) == []


@pytest.mark.parametrize(
    ("holder", "principal", "why"),
    [
        ("0100109107", OTHER, "check digit"),
        ("12", OTHER, "no personal number"),
        (ENTERPRISE, ENTERPRISE, "are the same"),
    ],
)
def test_an_authorisation_names_two_numbers_that_there_are(run: Run, holder: str, principal: str, why: str) -> None:
    done = run("authorisation", "grant", "--holder", holder, "--principal", principal, "--document", "UQ", code=1)
    assert why in done.stderr


def test_a_suspended_account_is_refused_and_the_dossier_shows_it(run: Run, config: Path) -> None:
    reason = ["--reason", "Nguy cơ mất an toàn dữ liệu", *WHO]
    run("account", "suspend", ENTERPRISE, *reason)
    key = receive(config)
    life: dict[str, Any] = told(run("dossier", "show", *key, "--json"))
    assert json.dumps(life).count("BQP464") >= 1
    assert "suspended everywhere" in run("account", "suspend", ENTERPRISE, *reason, code=1).stderr
    assert "restored everywhere" in run("account", "restore", ENTERPRISE, "--reason", "Xong", *WHO).stdout
    assert told(run("account", "list", "--json")) == []
    assert len(told(run("account", "list", "--all", "--json"))) == 1
    assert told(run("journal", "verify", "--json"))["faults"] == []


def test_a_reason_cannot_be_empty(run: Run) -> None:
    done = run("account", "suspend", CITIZEN, "--reason", " ", *WHO, code=1)
    assert "a reason of 1 to 500 characters" in done.stderr


def test_each_list_that_names_declarants_is_in_the_journal_and_an_empty_one_is_not(run: Run, config: Path) -> None:
    for each in (["certificate", "list"], ["certificate", "waiting"], ["authorisation", "list"], ["account", "list"]):
        run(*each, "--by", "thanh-tra")
    assert shown(config) == []
    run("certificate", "import", file_of("citizen"))
    suspension = told(run("account", "suspend", CITIZEN, "--reason", "x", *WHO, "--json"))["id"]
    grant = ["authorisation", "grant", "--holder", OTHER, "--principal", ENTERPRISE, "--document", "UQ-1"]
    letter = told(run(*grant, "--json"))["id"]
    (stored,) = told(run("certificate", "list", "--by", "thanh-tra", "--json"))
    run("certificate", "show", stored["serial"], "--by", "thanh-tra")
    run("authorisation", "list", "--number", OTHER, "--by", "thanh-tra")
    run("account", "list", "--by", "thanh-tra")
    run("account", "notices", "--by", "thanh-tra")
    expected = [("certificates", stored["id"]), ("certificates", stored["id"]), ("authorisations", letter)]
    expected += [("accounts", suspension), ("accounts", suspension)]
    assert shown(config) == [("unregistered:thanh-tra", register, [row]) for register, row in expected]
    with sqlite3.connect(config.parent / "adapter.db") as connection:
        details = [detail for (detail,) in connection.execute("SELECT detail FROM journal")]
    assert not any(number in detail for detail in details for number in (CITIZEN, OTHER)), "rows, never numbers"
