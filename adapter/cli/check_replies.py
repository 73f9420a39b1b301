"""`check`, the officer's part: are an officer's replies to a genuine message written and signed as configured?

Acceptance, request to amend (form 13), confirmation (forms 08, 12, 15, 17 …), transfer: with the configured names,
units and series, and an officer whose name, rank and remarks are as long as they may be. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lxml import etree

from adapter.bootstrap import Components
from adapter.model.actor import Actor, ActorKind
from adapter.model.dossier import Dossier, DossierState
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.header import Header
from adapter.model.installation import Installation
from adapter.model.outcomes import Accepted, SignedReply
from adapter.model.procedure import Procedure, ReplyKind
from adapter.model.stages import Channel, Submission
from adapter.model.text import LONGEST, OFFICER_NAME, OFFICER_RANK, REMARKS
from adapter.model.units import BorderUnit
from adapter.pipeline import compose
from adapter.pipeline.addressing import Address
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import Terms, to_bring
from adapter.pipeline.units import unit_of
from adapter.services.dossiers.completion import (
    completion_of,
    confirmation,
    last_days,
    of_amendment,
    of_dossier,
    said_by,
    where,
)
from adapter.services.ledger.docket import AMEND, due_of

_OFFICER = Actor(ActorKind.PERSON, "check", "N" * OFFICER_NAME, "C" * OFFICER_RANK)


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """A genuine message that was accepted."""

    procedure: Procedure
    submission: Submission
    outcome: Accepted

    @property
    def header(self) -> Header:
        """Its header."""
        return self.outcome.declaration.verified.header

    @property
    def values(self) -> dict[str, Any]:
        """What it declares, as it would be stored."""
        values = self.outcome.declaration.values
        return {name: write(value) if isinstance(value, date) else value for name, value in values.items()}


def unsaid(components: Components, taken: Sequence[AcceptedMessage]) -> Iterator[tuple[AcceptedMessage, str]]:
    """What an officer could not send about one of these messages, and why."""
    try:
        components.keys()
    except (Misconfigured, Unavailable):
        return  # reported by the check of keys
    for each in taken:
        acts: dict[str, Callable[[], object]] = {
            "accepted by an officer": lambda each=each: _accepted(components, each),  # type: ignore[misc]
            "completed": lambda each=each: _completed(components, each, taken),  # type: ignore[misc]
            "asked to be amended": lambda each=each: _asked(components, each),  # type: ignore[misc]
        }
        for act, send in acts.items():
            try:
                send()
            except Misconfigured as error:
                yield each, f"cannot be {act}: {error}"
            except Unavailable:
                continue  # the unit's key: reported by the check of keys


def _accepted(components: Components, taken: AcceptedMessage) -> None:
    at = taken.submission.received_at
    named = replace(_ours(components, taken), accepter=_OFFICER.name)
    content = compose.acceptance(_answered(components, taken), (), named, received=at, now=at)
    _sent(components, taken, taken.procedure, ReplyKind.ACCEPTANCE, content)


def _completed(components: Components, taken: AcceptedMessage, others: Sequence[AcceptedMessage]) -> None:
    """30/23, or 30/28 of an amendment, whose place is that of what it amends."""
    procedure, at = taken.procedure, taken.submission.received_at
    if procedure.completion is None and not procedure.amends:
        return  # its result is no confirmation; `check` of the mappings knows
    number, amendment = _papers(components, taken)
    told = said_by(_OFFICER, number, "R" * REMARKS, at)
    told |= of_dossier(taken.outcome.declaration.verified.key, at)
    amended = procedure.amends.procedures if procedure.amends else (procedure.code,)
    about = [each for each in others if each.procedure.code in amended]
    if not about:
        return  # the message that it amends was not accepted, which is reported already
    for other in about:
        told |= where(other.procedure, other.values) | of_amendment(amendment, 2, at)
        told |= last_days(to_bring(other.procedure, other.values), Terms.of(components.catalogue))
    content = confirmation(procedure, _answered(components, taken), taken.values, told)
    kind = ReplyKind.AMENDMENT_COMPLETION if procedure.amends else ReplyKind.COMPLETION
    _sent(components, taken, procedure, kind, content, schema_name=completion_of(procedure).schema_name)


def _asked(components: Components, taken: AcceptedMessage) -> None:
    """20/25, where a procedure in force amends it."""
    at = taken.submission.received_at
    amending = components.catalogue.amending(taken.procedure.code, at.astimezone(VIETNAM).date())
    if amending is None:
        return
    due = due_of(amending, AMEND, taken.values, at, Terms.of(components.catalogue))
    if due is None:
        raise Misconfigured(f"{amending.name}: no {AMEND} that the calendar can tell")
    words = "S" * LONGEST
    asked = compose.AmendmentRequest(
        _papers(components, taken)[1], at, due, words, (compose.AmendmentItem(words, words),)
    )
    content = compose.amendment_request(
        _answered(components, taken), asked, _ours(components, taken), name=_OFFICER.name
    )
    _sent(components, taken, amending, ReplyKind.AMENDMENT_REQUEST, content)


def _unit(components: Components, taken: AcceptedMessage) -> BorderUnit | None:
    """The unit that has the dossier; the first unit, where the example's gate belongs to none of ours."""
    units = components.installation.units
    return unit_of(taken.outcome.declaration, units) or next(iter(units.every), None)


def _ours(components: Components, taken: AcceptedMessage) -> Installation:
    return components.installation.of_unit(_unit(components, taken))


def _papers(components: Components, taken: AcceptedMessage) -> tuple[str, str]:
    return components.series.of(_ours(components, taken).number_code).papers(taken.submission.received_at)


def _answered(components: Components, taken: AcceptedMessage) -> compose.InReplyTo:
    return components.correspondence.in_reply_to(taken.submission, taken.outcome)


def _sent(
    components: Components,
    taken: AcceptedMessage,
    procedure: Procedure,
    kind: ReplyKind,
    content: etree._Element,
    schema_name: str | None = None,
) -> None:
    """Sign it, and where it entered by the portal its transfer too."""
    own, at = _ours(components, taken), taken.submission.received_at
    direct = taken.submission.channel is Channel.PORTAL
    key = taken.outcome.declaration.verified.key
    subject = taken.header.subject
    to = Address(own.own, own.portal if direct else own.window, procedure.document_type, subject.type, key, "0" * 36)
    signed = components.correspondence.sign(
        kind, content, to=to, now=at, schema_name=schema_name, unit=_unit(components, taken)
    )
    if direct and taken.procedure.on_window and isinstance(signed, SignedReply):
        _transferred(components, taken, procedure, signed)


def _transferred(components: Components, taken: AcceptedMessage, procedure: Procedure, signed: SignedReply) -> None:
    given, unit = taken.submission, _unit(components, taken)
    key, at = taken.outcome.declaration.verified.key, given.received_at
    gate = next(iter(unit.gates or ()), None) if unit else None
    code = unit.code if unit else None
    dossier = Dossier(key, procedure.code, DossierState.RECEIVED, given.channel, 1, at, gate=gate, unit=code)
    request, reply = (given.raw, given.digest, at), (signed.body, signed.digest, at)
    components.correspondence.transfer(
        dossier=dossier, procedure=procedure.document_type, request=request, reply=reply, incident=None, now=at
    )
