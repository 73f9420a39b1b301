"""`judge`: the pipeline on files, without a broker, without a database, and without writing anything.

Its JSON is a public contract: one object a line with exactly file, outcome, stage, findings, signers, digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.bootstrap import House
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, is_readable, moment, open_house, read_input
from adapter.cli.printing import as_json, line, note
from adapter.model.finding import Finding
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Noted, Outcome, Parked, Refused, Rejected, Word, verified_of, word
from adapter.model.stages import Channel, Signer, Submission
from adapter.services.judging import judged
from adapter.services.register import stage_of


def judge(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Messages; - is stdin."),
    ],
    json: AsJson = False,
    channel: Annotated[Channel, typer.Option(help="The door they are judged for.")] = Channel.WINDOW,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Time of reception, ISO 8601; without zone Vietnam's. Default: now."),
    ] = None,
    config: Config = None,
) -> None:
    """Judge messages as the adapter would, without broker and without writing.

    Workflow (does the dossier exist, was the message received before) and the registers (certificates, authorisations,
    suspended accounts) need the store and are not asked: who signs for another is told as if nobody were authorised.
    Revocation is
    judged by what lies in the configured folders and was fetched before; where that cannot tell and the store's policy
    is to wait, an accepted message has the finding BQP444: it would wait. With --json
    one object a line: file, outcome (accepted, refused, rejected, parked), stage (the one that stopped it, or null),
    findings [{code, pointer, line, vi, en}], signers [{role, subject, serial}], digest (SHA-256 of the file).
    Exit code 0 if all are accepted, 1 if any is not.
    """
    given = moment(at, "--at")
    for file in files:
        is_readable(file)
    house = open_house(config)
    ground_is_there(house)
    outcomes = [_judged(file, channel, given or house.legal_clock(), house, json) for file in files]
    raise leave(Exit.OK if all(outcome is Word.ACCEPTED for outcome in outcomes) else Exit.NO)


def ground_is_there(house: House) -> None:
    """Load everything that judging stands on, so that what is wrong with it is told before the first file.

    Raises:
        Misconfigured: schemas, mappings or trust stores cannot be loaded.
    """
    _ = house.ground


def _judged(file: Path, channel: Channel, at: datetime, house: House, json: bool) -> Word:
    submission = _submission(file, channel, at)
    outcome = judged(submission, house.ground)
    stated = statement(str(file), submission, outcome, house)
    if json:
        as_json(stated)
    else:
        _show(stated)
    if isinstance(outcome, Parked):
        note(f"{file}: parked: {outcome.reason}")
    return word(outcome)


def _submission(file: Path, channel: Channel, at: datetime) -> Submission:
    raw = read_input(file)
    return Submission(raw, channel, at, Digest(hashlib.sha256(raw).hexdigest()))


def statement(file: str, submission: Submission, outcome: Outcome, house: House) -> dict[str, Any]:
    """The contract's object: these keys and no others."""
    verified = verified_of(outcome)
    return {
        "file": file,
        "outcome": word(outcome).value,
        "stage": stage_of(outcome),
        "findings": [_finding(finding, house) for finding in _findings(outcome)],
        "signers": [_signer(signer) for signer in (verified.signers if verified else ())],
        "digest": submission.digest,
    }


def _findings(outcome: Outcome) -> Sequence[Finding]:
    match outcome:
        case Accepted(findings=findings) | Refused(findings=findings) | Rejected(findings=findings):
            return findings
        case Noted() | Parked():
            return ()


def _finding(finding: Finding, house: House) -> dict[str, Any]:
    stated = house.catalogue.findings.state(finding)
    return {
        "code": stated.code,
        "pointer": stated.pointer,
        "line": stated.line,
        "vi": stated.vi,
        "en": stated.en,
    }


def _signer(signer: Signer) -> dict[str, str]:
    return {"role": signer.role.value, "subject": signer.subject, "serial": signer.serial}


def _show(stated: dict[str, Any]) -> None:
    stopped = f" at {stated['stage']}" if stated["stage"] else ""
    line(f"{stated['file']}: {stated['outcome']}{stopped}")
    for finding in stated["findings"]:
        line(f"  {finding['code']} line {finding['line']} {finding['pointer']}")
        line(f"    {finding['vi']}")
        line(f"    {finding['en']}")
    for signer in stated["signers"]:
        line(f"  signed as {signer['role']}: {signer['subject']} (serial {signer['serial']})")
    line(f"  sha256 {stated['digest']}")
