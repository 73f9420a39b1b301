"""Addressing answers: the recipient, the dossier, and what replaces header values that cannot be repeated.

Every message can be answered: values of the sender's header are repeated as far as the XSD of the answer allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.model.header import Header, Party
from adapter.model.identifiers import DossierKey
from adapter.model.installation import Installation
from adapter.model.stages import Channel
from adapter.pipeline.envelope import VIETNAM

_HEADER = "/Envelope/Header/"
_ECHOED = {
    "From": "sender",
    "To": "recipient",
    "Subject/documentType": "document_type",
    "Subject/type": "type",
    "Subject/reference": "key",
    "Subject/documentYear": "key",
    "Subject/preReference": "key",
    "Subject/preDocumentYear": "key",
}
"""Where in an answer's header each part of its address is written. A party and a key are whole or not at all: half of
somebody's address, or a number with another year, would name somebody else or another dossier."""


@dataclass(frozen=True, slots=True)
class Address:
    """The header of a reply before its own identity: whom it goes to, about which dossier."""

    sender: Party
    recipient: Party
    document_type: str
    type: str
    key: DossierKey
    correlation_id: str | None = None


def placeholder(installation: Installation, channel: Channel, now: datetime) -> Address:
    """The address of an answer to an unreadable message: from us to the partner of the channel, about no dossier."""
    return Address(
        sender=installation.own,
        recipient=installation.portal if channel is Channel.PORTAL else installation.window,
        document_type=installation.placeholder_document_type,
        type=installation.placeholder_type,
        key=DossierKey(installation.placeholder_reference, now.astimezone(VIETNAM).year),
    )


def address(
    instead: Address,
    header: Header | None,
    *,
    verified: bool,
    about: DossierKey | None = None,
    by_units: bool = False,
) -> Address:
    """Address an answer. Only a verified header decides where it goes; an unverified one is only echoed in part.

    `instead` has what stands for whatever is not known, and `by_units` says that its sender is the unit which answers:
    whichever unit the message was for. `about` is the dossier that a verified message is about; an amendment may have a
    number of its own besides.
    """
    if header is None:
        return instead
    subject, sender = header.subject, header.recipient if verified else instead.sender
    return Address(
        sender=replace(sender, unit_code=instead.sender.unit_code) if by_units else sender,
        recipient=header.sender if verified else instead.recipient,
        document_type=subject.document_type,
        type=subject.type,
        key=about or subject.key,
        correlation_id=header.message_id,
    )


def echoable(to: Address, instead: Address, faulty: Sequence[str]) -> Address:
    """The address with everything exchanged that stands at a faulty XPath of the answer's header."""
    places = [path.removeprefix(_HEADER) for path in faulty if path.startswith(_HEADER)]
    parts = {part for place in places for at, part in _ECHOED.items() if f"{place}/".startswith(f"{at}/")}
    return replace(to, **{part: getattr(instead, part) for part in parts})
