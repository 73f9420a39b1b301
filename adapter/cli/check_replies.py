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

from adapter.bootstrap import House
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


def unsaid(house: House, taken: Sequence[AcceptedMessage]) -> Iterator[tuple[AcceptedMessage, str]]:
    """What an officer could not send about one of these messages, and why."""
    try:
        house.keys()
    except (Misconfigured, Unavailable):
        return  # reported by the check of keys
    for each in taken:
        acts: dict[str, Callable[[], object]] = {
            "accepted by an officer": lambda each=each: _accepted(house, each),  # type: ignore[misc]
            "completed": lambda each=each: _completed(house, each, taken),  # type: ignore[misc]
            "asked to be amended": lambda each=each: _asked(house, each),  # type: ignore[misc]
        }
        for act, send in acts.items():
            try:
                send()
            except Misconfigured as error:
                yield each, f"cannot be {act}: {error}"
            except Unavailable:
                continue  # the unit's key: reported by the check of keys


def _accepted(house: House, taken: AcceptedMessage) -> None:
    at = taken.submission.received_at
    named = replace(_ours(house, taken), accepter=_OFFICER.name)
    content = compose.acceptance(_answered(house, taken), (), named, received=at, now=at)
    _sent(house, taken, taken.procedure, ReplyKind.ACCEPTANCE, content)


def _completed(house: House, taken: AcceptedMessage, others: Sequence[AcceptedMessage]) -> None:
    """30/23, or 30/28 of an amendment, whose place is that of what it amends."""
    procedure, at = taken.procedure, taken.submission.received_at
    if procedure.completion is None and not procedure.amends:
        return  # its result is no confirmation; `check` of the mappings knows
    number, amendment = _papers(house, taken)
    told = said_by(_OFFICER, number, "R" * REMARKS, at)
    told |= of_dossier(taken.outcome.declaration.verified.key, at)
    amended = procedure.amends.procedures if procedure.amends else (procedure.code,)
    about = [each for each in others if each.procedure.code in amended]
    if not about:
        return  # the message that it amends was not accepted, which is reported already
    for other in about:
        told |= where(other.procedure, other.values) | of_amendment(amendment, 2, at)
        told |= last_days(to_bring(other.procedure, other.values), Terms.of(house.catalogue))
    content = confirmation(procedure, _answered(house, taken), taken.values, told)
    kind = ReplyKind.AMENDMENT_COMPLETION if procedure.amends else ReplyKind.COMPLETION
    _sent(house, taken, procedure, kind, content, schema_name=completion_of(procedure).schema_name)


def _asked(house: House, taken: AcceptedMessage) -> None:
    """20/25, where a procedure in force amends it."""
    at = taken.submission.received_at
    amending = house.catalogue.amending(taken.procedure.code, at.astimezone(VIETNAM).date())
    if amending is None:
        return
    due = due_of(amending, AMEND, taken.values, at, Terms.of(house.catalogue))
    if due is None:
        raise Misconfigured(f"{amending.name}: no {AMEND} that the calendar can tell")
    words = "S" * LONGEST
    asked = compose.AmendmentRequest(_papers(house, taken)[1], at, due, words, (compose.AmendmentItem(words, words),))
    content = compose.amendment_request(_answered(house, taken), asked, _ours(house, taken), name=_OFFICER.name)
    _sent(house, taken, amending, ReplyKind.AMENDMENT_REQUEST, content)


def _unit(house: House, taken: AcceptedMessage) -> BorderUnit | None:
    """The unit that has the dossier; the first unit, where the example's gate belongs to none of ours."""
    units = house.installation.units
    return unit_of(taken.outcome.declaration, units) or next(iter(units.every), None)


def _ours(house: House, taken: AcceptedMessage) -> Installation:
    return house.installation.of_unit(_unit(house, taken))


def _papers(house: House, taken: AcceptedMessage) -> tuple[str, str]:
    return house.series.of(_ours(house, taken).number_code).papers(taken.submission.received_at)


def _answered(house: House, taken: AcceptedMessage) -> compose.InReplyTo:
    return house.correspondence.in_reply_to(taken.submission, taken.outcome)


def _sent(
    house: House,
    taken: AcceptedMessage,
    procedure: Procedure,
    kind: ReplyKind,
    content: etree._Element,
    schema_name: str | None = None,
) -> None:
    """Sign it, and where it entered by the portal its transfer too."""
    own, at = _ours(house, taken), taken.submission.received_at
    direct = taken.submission.channel is Channel.PORTAL
    key = taken.outcome.declaration.verified.key
    subject = taken.header.subject
    to = Address(own.own, own.portal if direct else own.window, procedure.document_type, subject.type, key, "0" * 36)
    signed = house.correspondence.sign(kind, content, to=to, now=at, schema_name=schema_name, unit=_unit(house, taken))
    if direct and taken.procedure.on_window and isinstance(signed, SignedReply):
        _transferred(house, taken, procedure, signed)


def _transferred(house: House, taken: AcceptedMessage, procedure: Procedure, signed: SignedReply) -> None:
    given, unit = taken.submission, _unit(house, taken)
    key, at = taken.outcome.declaration.verified.key, given.received_at
    gate = next(iter(unit.gates or ()), None) if unit else None
    code = unit.code if unit else None
    dossier = Dossier(key, procedure.code, DossierState.RECEIVED, given.channel, 1, at, gate=gate, unit=code)
    request, reply = (given.raw, given.digest, at), (signed.body, signed.digest, at)
    house.correspondence.transfer(
        dossier=dossier, procedure=procedure.document_type, request=request, reply=reply, incident=None, now=at
    )
