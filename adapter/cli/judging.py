"""`judge`: the pipeline on files, without a broker, without a database, and without writing anything.

Its JSON is a public contract: one object a line with exactly file, outcome, stage, findings, signers, digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.bootstrap import Components
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, is_readable, moment, open_components, read_input
from adapter.cli.printing import as_json, line, note
from adapter.model.finding import Finding
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Noted, Outcome, Parked, Refused, Rejected, Word, verified_of, word
from adapter.model.stages import Channel, Signer, Stage, Submission
from adapter.services.door import sealing
from adapter.services.door.precheck import TurnedAway, Why, submitted
from adapter.services.messages.incoming import stage_of
from adapter.services.messages.judging import Answered, answered, judged


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
    caller: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="On the portal: the number that the caller's token is bound to. Default: not asked.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Judge messages as the adapter would, without broker and without writing.

    The answer is written too, unsigned: what could not be answered is parked here as it would be there. A form 13 that
    would follow the acceptance at once is written likewise, and a note says what it asks for. With --channel
    portal a file is what is posted at the portal: From, To and a missing messageId are written, and it is sealed
    with the portal's key. Where it names no dossier, a number of our series' form stands in, which is said and never
    given to anybody. A file that is sealed already is judged as the door has stored it. Whether the door is open, and
    whose a number is, the store knows and is not asked.

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
    components = open_components(config)
    ground_is_there(components)
    at_door = Presenting(components, channel, given or components.legal_clock(), caller)
    outcomes = [_judged(file, at_door, json) for file in files]
    raise leave(Exit.OK if all(outcome is Word.ACCEPTED for outcome in outcomes) else Exit.NO)


def ground_is_there(components: Components) -> None:
    """Load everything that judging needs, so that its faults are reported before the first file.

    Raises:
        Misconfigured: schemas, mappings or trust stores cannot be loaded.
    """
    _ = components.ground


@dataclass(frozen=True, slots=True)
class Presenting:
    """How files become submissions: by which door, when (aware), and who calls, if that is known."""

    components: Components
    channel: Channel
    at: datetime
    caller: str | None = None

    def outcome(self, file: Path, raw: bytes) -> Answered:
        """What becomes of a file's bytes, its answers written as well."""
        try:
            submission = self._submission(file, raw)
        except TurnedAway as turned:
            note(f"{file}: turned away at the door ({turned.why}), and not stored: {turned.en}")
            return Answered(Rejected(Stage.OPEN, turned.found))
        outcome = judged(submission, self.components.ground)
        return answered(submission, outcome, self.components.asking, now=self.at)

    def _submission(self, file: Path, raw: bytes) -> Submission:
        """As the door hands it in.

        Raises:
            TurnedAway: the portal would not take it.
            AdapterError: there is no key that could seal it.
        """
        components = self.components
        if self.channel is not Channel.PORTAL:
            return by_the_window(raw, self.at)
        try:
            presented = components.threshold.present(raw, f"{self.channel}:{self.caller or ''}", self.at)
        except TurnedAway as turned:
            if turned.why is not Why.SEALED:
                raise
            note(f"{file}: sealed already, so it is judged as the door stores it; the door itself takes no sealed one")
            return submitted(raw, self.at, self.caller)
        if presented.numberless:
            key = components.series.placeholder(self.at)
            sealing.write_number(presented.tree, key)
            note(f"{file}: it names no dossier; {key} is used, a placeholder that is never given")
        return submitted(sealing.sealed(presented.tree, components.portal_key()).body, self.at, self.caller)


def by_the_window(raw: bytes, at: datetime) -> Submission:
    """A message as a worker takes it from the queue, received at `at` (aware)."""
    return Submission(raw, Channel.WINDOW, at, Digest(hashlib.sha256(raw).hexdigest()))


def _judged(file: Path, presenting: Presenting, json: bool) -> Word:
    components = presenting.components
    raw = read_input(file)
    done = presenting.outcome(file, raw)
    outcome = done.outcome
    stated = statement(str(file), raw, outcome, components)
    if json:
        as_json(stated)
    else:
        _show(stated)
    if done.asked:
        places = ", ".join(item.pointer or "" for item in done.asked)
        note(f"{file}: form 13 (20/25) follows the acceptance at once and asks for {len(done.asked)} item(s): {places}")
    if isinstance(outcome, Parked):
        note(f"{file}: parked: {outcome.reason}")
    return word(outcome)


def statement(file: str, raw: bytes, outcome: Outcome, components: Components) -> dict[str, Any]:
    """The contract's object: these keys and no others."""
    verified = verified_of(outcome)
    return {
        "file": file,
        "outcome": word(outcome).value,
        "stage": stage_of(outcome),
        "findings": [_finding(finding, components) for finding in _findings(outcome)],
        "signers": [_signer(signer) for signer in (verified.signers if verified else ())],
        "digest": hashlib.sha256(raw).hexdigest(),
    }


def _findings(outcome: Outcome) -> Sequence[Finding]:
    match outcome:
        case Accepted(findings=findings) | Refused(findings=findings) | Rejected(findings=findings):
            return findings
        case Noted() | Parked():
            return ()


def _finding(finding: Finding, components: Components) -> dict[str, Any]:
    stated = components.catalogue.findings.state(finding)
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
