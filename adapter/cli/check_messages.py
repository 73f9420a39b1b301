"""`check` judges: a genuine message of each procedure, by each door, through the configuration as it is.

The messages are `example.xml` beside each mapping, with its times moved to now. They are signed with keys that are made
in memory and stand in for the partners' and the anchors' (`simulator/stand_in`); limits, algorithms, periods, our own
keys and our answers are the configured ones. Nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from adapter.bootstrap import Components
from adapter.cli.check_replies import AcceptedMessage, unsaid
from adapter.cli.judging import by_the_window
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.finding import Finding, Severity
from adapter.model.outcomes import Accepted, Noted, Outcome, Parked, Refused, Rejected, word
from adapter.model.procedure import Procedure, ReplyKind
from adapter.model.stages import Channel, Submission
from adapter.model.units import NO_UNITS
from adapter.pipeline.envelope import VIETNAM, read_time
from adapter.pipeline.judge import reconsidered
from adapter.pipeline.text import value, value_at
from adapter.pipeline.xml import reparsed
from adapter.services.door import sealing
from adapter.services.door.precheck import submitted
from adapter.services.messages.incoming import stage_of
from adapter.services.messages.judging import judged
from adapter.simulator.sign import sign_message
from adapter.simulator.stand_in import StandIn, stand_in

EXAMPLE = "example.xml"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:( \d\d:\d\d:\d\d)(\.\d{1,3})?)?")
_MESSAGE_ID = "00000000-0000-4000-8000-000000000000"


def missing(components: Components) -> Iterator[str]:
    """Procedures that have no genuine message to judge."""
    for procedure in _procedures(components):
        file = _example(components, procedure)
        if not file.is_file():
            yield f"{file} is missing, so no message of {procedure.name} is judged here; put a genuine one there"


def faults(components: Components) -> Iterator[str]:
    """What a genuine message meets under this configuration: one line for each way to fail, with all that fail so."""
    at = components.legal_clock()
    stands = stand_in(components.trust, at)
    ground = replace(components.ground, trust=stands.trust, units=NO_UNITS)  # an example is for some gate
    by_fault: dict[str, list[str]] = {}
    accepted: list[AcceptedMessage] = []
    for procedure in _procedures(components):
        file = _example(components, procedure)
        if file.is_file():
            for channel in _doors(procedure):
                body = _written(components, stands, procedure, file, channel, at)
                given = submitted(body, at, None) if channel is Channel.PORTAL else by_the_window(body, at)
                outcome = judged(given, ground)
                if said := _one(components, given, outcome):
                    by_fault.setdefault(said, []).append(f"{procedure.name} ({channel})")
                elif isinstance(outcome, Accepted):
                    accepted.append(AcceptedMessage(procedure, given, outcome))
    for taken, said in unsaid(components, accepted):
        by_fault.setdefault(said, []).append(f"{taken.procedure.name} ({taken.submission.channel})")
    for said, whose in by_fault.items():
        yield f"a genuine message {said}: {', '.join(whose)}"


def _procedures(components: Components) -> Iterator[Procedure]:
    """Every procedure in the version that is in force today."""
    for code in sorted(components.catalogue.procedures):
        today = components.legal_clock().astimezone(VIETNAM).date()
        for each in components.catalogue.procedures[code]:
            if each.effective_from <= today <= (each.effective_to or today):
                yield each


def _example(components: Components, procedure: Procedure) -> Path:
    return components.source.mappings / procedure.code / procedure.version / EXAMPLE


def _doors(procedure: Procedure) -> Iterator[Channel]:
    """A control message comes only from the window; a procedure that is not on the window comes only by the portal."""
    control = all(spec.meaning.is_control for spec in procedure.messages.values())
    if procedure.on_window:
        yield Channel.WINDOW
    if not control:
        yield Channel.PORTAL


def _one(components: Components, submission: Submission, outcome: Outcome) -> str | None:
    """Why one message fails at one door; None if it does not."""
    match outcome:
        case Accepted() | Noted():
            return _answered(components, submission, outcome)
        case Parked(reason=reason):
            return f"is parked: {reason}"
        case Refused(findings=findings) | Rejected(findings=findings):
            stated = (components.catalogue.findings.state(each) for each in findings[:3])
            why = "; ".join(f"{each.code} {each.en} ({each.pointer})" for each in stated)
            return f"is {word(outcome)} at {stage_of(outcome)}: {why}"


def _answered(components: Components, submission: Submission, outcome: Accepted | Noted) -> str | None:
    """Whether each kind of answer to it can be written and signed."""
    try:
        components.keys()
    except (Misconfigured, Unavailable):
        return None  # reported by the check of keys
    for kind, shaped in _shaped(outcome):
        try:
            components.correspondence.answer(kind, submission, shaped, now=submission.received_at)
        except Misconfigured as error:
            return f"cannot be answered: {error}"
    return None


def _shaped(outcome: Accepted | Noted) -> Iterator[tuple[ReplyKind, Outcome]]:
    """The outcome for each kind of answer that is given without an officer."""
    yield ReplyKind.RECEIPT, outcome
    if isinstance(outcome, Noted):
        return
    yield ReplyKind.ACCEPTANCE, outcome
    for kind, severity in ((ReplyKind.REFUSAL, Severity.REFUSE), (ReplyKind.ERRORS, Severity.REJECT)):
        yield kind, reconsidered(outcome, [Finding("officer_refusal", "/Envelope", severity, words={"reason": "x"})])


def _written(
    components: Components, stands: StandIn, procedure: Procedure, file: Path, channel: Channel, at: datetime
) -> bytes:
    """The example as it would enter by that door now, signed by the stand-in keys."""
    tree = reparsed(file.read_bytes())
    move_times(tree, at)
    own = components.installation
    sender = own.portal if channel is Channel.PORTAL else own.window
    sealing.write_header(tree, sender=sender, recipient=own.own, message_id=_MESSAGE_ID)
    system = stands.systems.get(channel)
    store = next((name for name in procedure.signature.stores if name in stands.trust.stores), None)
    declarant = None if store is None else stands.declarant(store, _number(procedure, tree))
    return sign_message(etree.tostring(tree, encoding="UTF-8"), system=system, declarant=declarant)


def _number(procedure: Procedure, tree: etree._Element) -> str | None:
    """The number of the principal: the first of the fields that the mapping names."""
    for name in procedure.principal.fields if procedure.principal else ():
        field = procedure.field(name)
        if field is not None:
            for form in tree.iterfind("Body/Content/*"):
                if number := value_at(form, field.path):
                    return number
    return None


def move_times(tree: etree._Element, at: datetime) -> None:
    """Move all its times by the distance between its sendDate and now."""
    sent = read_time(value_at(tree, "Header/Subject/sendDate"))
    if sent is None:
        return
    by = at - sent - timedelta(seconds=2)
    for element in tree.iter():
        if not len(element) and (found := _TIME.fullmatch(value(element))):
            with suppress(ValueError, OverflowError):  # digits that are no time stay
                element.text = _moved(found, by)


def _moved(found: re.Match[str], by: timedelta) -> str:
    day, clock = found[1], found[2]
    if clock is None:
        days = (datetime.fromisoformat(day) + timedelta(hours=12) + by).date()
        return days.isoformat()
    return f"{datetime.fromisoformat(day + clock) + by:%Y-%m-%d %H:%M:%S}"
