"""Checks of a POST without the store. The portal and the command `judge` use them.

The bytes become a tree, From, To and messageId are written, and the pipeline's first stage checks it; what that
refuses is turned away. Nothing is stored or sent here, no number is given, and Body is not changed.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from adapter.model.errors import Fault, NotAllowed
from adapter.model.finding import Finding, StatedFinding
from adapter.model.identifiers import Digest
from adapter.model.installation import Installation
from adapter.model.stages import Channel, Envelope, Submission
from adapter.pipeline import text, xml
from adapter.pipeline.envelope import open_envelope
from adapter.pipeline.judge import Ground
from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.services.door import sealing

_NAMESPACE = uuid.UUID("3c0d7e52-5c0b-5f0e-8d55-1f2e6a9b7c10")


class Why(StrEnum):
    """Why a message is refused at the portal."""

    ROLE = "role"
    CLOSED = "door-closed"
    SEALED = "already-sealed"
    UNREADABLE = "unreadable"
    UNKNOWN = "not-a-declaration"
    STRANGER = "not-the-declarant"
    NUMBER = "number-of-another"
    SUSPENDED = "account-suspended"
    STATEMENT = "statement"


class TurnedAway(NotAllowed):
    """Not taken in; nothing was stored, unless `findings` are the pipeline's own (STRANGER)."""

    def __init__(
        self,
        why: Why,
        en: str,
        vi: str,
        findings: tuple[StatedFinding, ...] = (),
        *,
        found: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(en)
        self.why, self.en, self.vi, self.findings = why, en, vi, findings
        self.found = found
        """The findings before they are put into words; for what is no declaration, what the pipeline would find."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A message that may be checked against the store."""

    tree: etree._Element
    """With the door's From, To and messageId; a stand-in for its number where it names no dossier."""
    envelope: Envelope
    named: str
    """The sender's messageId; empty where there is none."""
    numberless: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """The needs of these checks: schemas and limits, and the names of installation and portal."""

    ground: Ground
    installation: Installation

    def present(self, raw: bytes, sender: str, now: datetime) -> Presented:
        """Read a message of `sender` (the door's name and its caller's number).

        Raises:
            TurnedAway: SEALED, UNREADABLE or UNKNOWN.
        """
        try:
            with strange_text():
                return self._presented(raw, sender, now)
        except Unprocessable as error:
            raise self._unreadable((Finding("unprocessable", "/", words={"what": error.what}),)) from None

    def sealed(self, body: bytes, now: datetime) -> Envelope:
        """Open a sealed message, as the first stage of judging does; the seal is verified later.

        Raises:
            TurnedAway: UNREADABLE or UNKNOWN: it is nothing that the door would seal.
        """
        try:
            with strange_text():
                xml.gate(body, self.ground.limits)
                return self._opened(xml.parse(body, self.ground.limits), now, body)
        except xml.Refusal as refusal:
            raise self._unreadable((refusal.finding,)) from None
        except Unprocessable as error:
            raise self._unreadable((Finding("unprocessable", "/", words={"what": error.what}),)) from None

    def _presented(self, raw: bytes, sender: str, now: datetime) -> Presented:
        tree = self._parsed(raw)
        named = text.value_at(tree, "Header/Reference/messageId")
        own_id = str(uuid.uuid5(_NAMESPACE, f"{sender}|{hashlib.sha256(raw).hexdigest()}"))
        ours = self.installation
        sealing.write_header(tree, sender=ours.portal, recipient=ours.own, message_id=own_id)
        numberless = sealing.lacks_number(tree)
        try:
            xml.canonical(tree)  # XML without a canonical form cannot be sealed
        except etree.C14NError:
            raise self._unreadable((xml.uncanonical(tree),)) from None
        envelope = self._opened(tree, now, etree.tostring(tree, encoding="UTF-8"))
        return Presented(tree, envelope, named, numberless)

    def _parsed(self, raw: bytes) -> etree._Element:
        limits = self.ground.limits
        try:
            xml.gate(raw, limits)
            tree = xml.parse(raw, limits)
        except xml.Refusal as refusal:
            raise self._unreadable((refusal.finding,)) from None
        if tree.tag != "Envelope" or tree.find("Header") is None:
            raise self._unreadable((Finding("not_an_envelope", "/"),))
        if sealing.is_sealed(tree):
            raise TurnedAway(
                Why.SEALED,
                "SystemSignature must be empty: this door seals the message itself.",
                "SystemSignature phải để trống: cổng sẽ tự ký niêm phong bản tin.",
            )
        return tree

    def _opened(self, tree: etree._Element, now: datetime, body: bytes) -> Envelope:
        """The findings of the pipeline's first stage, before a number is given: a refused message is not stored."""
        submission = submitted(body, now, None)
        try:
            envelope = open_envelope(submission, catalogue=self.ground.catalogue, limits=self.ground.limits, tree=tree)
        except Fault as fault:
            raise self._unreadable(fault.findings) from None
        meaning = envelope.spec.meaning
        if meaning.is_control or meaning.is_technical_answer:
            words = {"value": envelope.header.subject.pair}
            raise TurnedAway(
                Why.UNKNOWN,
                "Only declarations, their amendments and withdrawals enter by this door.",
                "Cổng này chỉ nhận bản khai, bản khai sửa đổi, bổ sung và đề nghị rút bản khai.",
                found=(Finding("unknown_message", "/Envelope/Header/Subject/function", words=words),),
            )
        return envelope

    def _unreadable(self, findings: Sequence[Finding]) -> TurnedAway:
        texts = self.ground.catalogue.findings
        stated = tuple(texts.state(finding) for finding in findings)
        return TurnedAway(Why.UNREADABLE, stated[0].en, stated[0].vi, stated, found=tuple(findings))


def submitted(body: bytes, now: datetime, bound_to: str | None, pressed_at: datetime | None = None) -> Submission:
    """What the door hands to the intake: `bound_to` is the number that its caller's token is bound to."""
    digest = Digest(hashlib.sha256(body).hexdigest())
    return Submission(body, Channel.PORTAL, now, digest, bound_to, pressed_at)
