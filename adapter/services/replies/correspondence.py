"""Composes and signs replies. Their content is decided elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.store.records import StoredReply
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import Dossier
from adapter.model.errors import Misconfigured
from adapter.model.finding import Finding, Severity, StatedFinding, StoredFinding
from adapter.model.header import Header
from adapter.model.identifiers import Digest
from adapter.model.installation import Installation
from adapter.model.outcomes import Accepted, Outcome, Refused, Rejected, Reply, SignedReply, UnsignedReply, verified_of
from adapter.model.procedure import Procedure, ReplyKind
from adapter.model.stages import MESSAGE_CHANNELS, Channel, Submission
from adapter.model.units import BorderUnit
from adapter.pipeline import addressing, compose
from adapter.pipeline.signature.seal import SigningKey, decided, seal
from adapter.pipeline.units import unit_of
from adapter.services.replies.refusal_grounds import ground_of_faults, with_articles


@dataclass(frozen=True, slots=True)
class Keys:
    """Our keys: the border guard's system, and those of its units."""

    system: SigningKey
    unit: Callable[[BorderUnit], SigningKey]
    """Called for a reply that the unit decides; raises KeyUnavailable while its key cannot sign."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Composes and signs replies, with the catalogue, the installation's names and the keys."""

    catalogue: Catalogue
    installation: Installation
    keys: Callable[[], Keys]
    """Called for each signature, so that a new key is used without a restart."""
    new_message_id: Callable[[], str]

    def unit_of(self, dossier: Dossier) -> BorderUnit | None:
        """The unit of ours that has a dossier; None where its gate is none of ours (any more)."""
        return self.installation.units.of(dossier.gate, dossier.unit)

    def ours(self, dossier: Dossier) -> Installation:
        """The installation's names, with those of the dossier's unit."""
        return self.installation.of_unit(self.unit_of(dossier))

    def state(self, findings: Sequence[Finding]) -> tuple[StatedFinding, ...]:
        """Findings in their public words."""
        return tuple(self.catalogue.findings.state(finding) for finding in findings)

    def restate(self, kept: Sequence[StoredFinding]) -> tuple[StatedFinding, ...]:
        """Findings as they are stored with their message."""
        return tuple(self.catalogue.findings.restate(finding) for finding in kept)

    def answer(
        self,
        kind: ReplyKind,
        submission: Submission,
        outcome: Outcome,
        *,
        now: datetime,
        dossier: Dossier | None = None,
    ) -> SignedReply:
        """The answer to a message, in the transaction that stores it, from the unit of its dossier."""
        reply = self.written(kind, submission, outcome, now=now, dossier=dossier)
        return seal(reply, system=self.keys().system)

    def written(
        self,
        kind: ReplyKind,
        submission: Submission,
        outcome: Outcome,
        *,
        now: datetime,
        dossier: Dossier | None = None,
    ) -> Reply:
        """The answer to a message, proved against its XSD and not yet signed: no key is asked.

        `dossier`: the one that it is about, where there is one.

        Raises:
            Misconfigured: our own reply does not agree with our own schema.
        """
        verified = verified_of(outcome)
        claims = outcome.claims if isinstance(outcome, Rejected) else None
        header = verified.header if verified else claims
        answered = self.in_reply_to(submission, outcome)
        stated = self.state(getattr(outcome, "findings", ()))
        ours = self.installation.of_unit(self._unit(outcome, dossier, header))
        match kind:
            case ReplyKind.RECEIPT:
                content = compose.receipt(answered, submission.received_at)
            case ReplyKind.ACCEPTANCE:
                content = compose.acceptance(answered, stated, ours, received=submission.received_at, now=now)
            case ReplyKind.REFUSAL:
                content = compose.refusal(
                    answered, stated, ours, name=ours.accepter, ground=self._ground(outcome), now=now
                )
            case _:
                content = compose.errors(answered, stated)
        about = verified.key if verified else None
        instead = addressing.placeholder(ours, submission.channel, now)
        by_units = any(unit.is_stated for unit in ours.units.every)
        to = addressing.address(instead, header, verified=verified is not None, about=about, by_units=by_units)
        return self.composed(kind, content, to=to, now=now, instead=instead)

    def ours_of(self, outcome: Outcome) -> Installation:
        """The installation's names for a declaration that has no stored dossier."""
        return self.installation.of_unit(self._unit(outcome, None, None))

    def _unit(self, outcome: Outcome, dossier: Dossier | None, header: Header | None) -> BorderUnit | None:
        """The unit that answers a message: that of its dossier, of its declaration, or the recipient."""
        units, declared = self.installation.units, None
        if dossier is not None:
            return self.unit_of(dossier)
        if isinstance(outcome, Accepted | Refused):
            declared = unit_of(outcome.declaration, units)
        return declared or (units.by_code(header.recipient.unit_code) if header is not None else None)

    def faults(self, *, now: datetime, findings: int) -> Iterator[str]:
        """Faults of configured values that would stop an answer; `findings`: how many an answer may list."""
        ours, stated = self.installation, self.state([Finding("too_many_findings", "/Envelope")]) * (findings + 1)
        for channel in MESSAGE_CHANNELS:
            answered = compose.InReplyTo(None, "0" * 64, None, None, channel.value)
            contents = {
                ReplyKind.RECEIPT: compose.receipt(answered, now),
                ReplyKind.ERRORS: compose.errors(answered, stated),
                ReplyKind.ACCEPTANCE: compose.acceptance(answered, stated, ours, received=now, now=now),
                ReplyKind.REFUSAL: compose.refusal(
                    answered, stated, ours, name=ours.accepter, ground=ours.refusal_ground, now=now
                ),
            }
            to = addressing.placeholder(ours, channel, now)
            for kind, content in contents.items():
                try:
                    self.composed(kind, content, to=to, now=now)
                except Misconfigured as error:
                    yield f"installation, or limits.findings: {error}; correct what is written there"

    def _ground(self, outcome: Outcome) -> str:
        """The legal ground of a refusal by the program: the articles of the broken rules beside the general one."""
        general, verified = self.installation.refusal_ground, verified_of(outcome)
        broken = [each for each in getattr(outcome, "findings", ()) if each.severity is Severity.REFUSE]
        bases = self.catalogue.findings.bases(broken)
        if verified is not None and any(each.basis for each in broken):
            general = ground_of_faults(verified.envelope.procedure, self.catalogue.codelists, general=general)
        return with_articles(general, bases)

    def in_reply_to(self, submission: Submission, outcome: Outcome) -> compose.InReplyTo:
        """The binding of a reply to its request: id, digest, and the schema and mapping that judged it."""
        verified = verified_of(outcome)
        claims = outcome.claims if isinstance(outcome, Rejected) else None
        header: Header | None = verified.header if verified else claims
        return compose.InReplyTo(
            message_id=header.message_id if header else None,
            digest=verified.content_digest if verified else submission.digest,
            schema=verified.envelope.spec.schema_name if verified else None,
            mapping=verified.envelope.procedure.name if verified else None,
            channel=submission.channel.value,
        )

    def sign(
        self,
        kind: ReplyKind,
        content: etree._Element,
        *,
        to: addressing.Address,
        now: datetime,
        schema_name: str | None = None,
        unit: BorderUnit | None = None,
    ) -> SignedReply | UnsignedReply:
        """Compose, prove against the XSD, sign; what a unit decides is signed by `unit` too, or waits for its key.

        Raises:
            Misconfigured: our own reply does not agree with our own schema.
        """
        reply, keys = self.composed(kind, content, to=to, now=now, schema_name=schema_name), self.keys()
        if unit is None or not reply.is_units:
            return seal(reply, system=keys.system)
        try:
            return seal(decided(reply, keys.unit(unit)), system=keys.system)
        except KeyUnavailable:
            self.keys()  # raises if the system's own key cannot sign: then there is no reply
            return UnsignedReply(reply, unit.code)

    def sign_late(self, row: StoredReply, xml: bytes, dossier: Dossier, unit: BorderUnit) -> SignedReply:
        """Sign a reply that waited for the key of its unit. `row`: its row, `xml`: its content now.

        Raises:
            KeyUnavailable: it cannot sign now either.
        """
        names = (row.message_id, row.correlation_id, row.document_type, row.type, row.function)
        reply, keys = compose.kept(ReplyKind(row.kind), *names, key=dossier.key, xml=xml), self.keys()
        return seal(decided(reply, keys.unit(unit)), system=keys.system)

    def to_declarant(
        self, channel: Channel, procedure: Procedure, dossier: Dossier, *, correlation_id: str | None
    ) -> addressing.Address:
        """The address of a reply about a dossier, by the way that its message came."""
        ours = self.ours(dossier)
        return addressing.Address(
            sender=ours.own,
            recipient=ours.portal if channel is Channel.PORTAL else ours.window,
            document_type=procedure.document_type,
            type=ours.placeholder_type,
            key=dossier.key,
            correlation_id=correlation_id,
        )

    def composed(
        self,
        kind: ReplyKind,
        content: etree._Element,
        *,
        to: addressing.Address,
        now: datetime,
        schema_name: str | None = None,
        instead: addressing.Address | None = None,
    ) -> Reply:
        """A reply proved against its XSD and not yet signed.

        Raises:
            Misconfigured: our own reply does not agree with our own schema.
        """
        spec = self.catalogue.replies[kind]
        schema = self.catalogue.schemas[schema_name or spec.schema_name or ""]
        return compose.compose(
            kind, content, to=to, spec=spec, message_id=self.new_message_id(), now=now, schema=schema, instead=instead
        )

    def transfer(
        self,
        *,
        dossier: Dossier,
        procedure: str,
        request: tuple[bytes, Digest, datetime],
        reply: tuple[bytes, Digest, datetime],
        incident: str | None,
        now: datetime,
    ) -> SignedReply:
        """40/01: the exact bytes of request and reply, with their digests (wire profile 3)."""
        content = compose.transfer(_exchanged(*request), _exchanged(*reply), key=dossier.key, incident=incident)
        to = addressing.Address(self.ours(dossier).own, self.installation.window, procedure, "40", dossier.key)
        return seal(self.composed(ReplyKind.TRANSFER, content, to=to, now=now), system=self.keys().system)


def _exchanged(body: bytes, digest: Digest, at: datetime) -> compose.Exchanged:
    return compose.Exchanged(digest=digest, base64=b64encode(body).decode(), at=at)
