"""A message's identity, and the inbox row that is kept of it (sổ văn thư)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from adapter.gateways.store import amendments
from adapter.gateways.store.messages import MessageIdentity
from adapter.gateways.store.new_rows import NewAmendment, NewMessage
from adapter.model.finding import StatedFinding
from adapter.model.outcomes import MessageState, Outcome, Parked, Refused, Rejected, verified_of, word
from adapter.model.stages import Declaration, Signer, Stage, Submission, VerifiedDocument
from adapter.pipeline.decide import Decision, Wait

_NAMESPACE = uuid.UUID("8a1f6b0e-7d0c-5c1e-9c55-6f1f2f3e4d5c")


def public_id(identity: MessageIdentity) -> str:
    """The public id: the same for the same message, so that a retry finds it."""
    return str(uuid.uuid5(_NAMESPACE, f"{identity.sender}|{identity.name}"))


def identify(submission: Submission, verified: VerifiedDocument | None) -> MessageIdentity:
    """A message's identity (wire profile 5): verified sender and messageId, else the digest of what it says."""
    if verified is None:
        return MessageIdentity(f"unverified:{submission.channel.value}", f"raw:{submission.digest}")
    message_id = verified.header.message_id
    return MessageIdentity(verified.sender, f"id:{message_id}" if message_id else f"digest:{verified.content_digest}")


def stage_of(outcome: Outcome) -> str | None:
    """The stage that stopped a message, or None where none did."""
    match outcome:
        case Rejected(stage=stage) | Parked(stage=stage):
            return stage.value if stage else None
        case Refused():
            return Stage.CHECK.value
        case _:
            return None


def _signed(signer: Signer) -> dict[str, str]:
    return {"role": signer.role.value, "subject": signer.subject, "serial": signer.serial}


def inbox_row(
    submission: Submission,
    outcome: Outcome,
    identity: MessageIdentity,
    state: MessageState,
    findings: Sequence[StatedFinding],
    waits: tuple[Wait, datetime, datetime] | None,
    steps: dict[str, float],
) -> NewMessage:
    """The inbox row of a message: bytes, sender, outcome, and the versions of schema and mapping that judged it.

    `steps`: milliseconds by step; those that follow are added until the row is written.
    """
    verified = verified_of(outcome)
    claims = outcome.claims if isinstance(outcome, Rejected) else None
    header = verified.header if verified else claims
    procedure = verified.envelope.procedure if verified else None
    about = verified.key if verified else header.subject.key if header else None
    return {
        "public_id": public_id(identity),
        "message_id": header.message_id if header else None,
        "raw": submission.raw,
        "digest": submission.digest,
        "content_digest": verified.content_digest if verified else None,
        "channel": submission.channel.value,
        "bound_to": submission.bound_to,
        "received_at": submission.received_at,
        "pressed_at": submission.pressed_at,
        "state": state.value,
        "outcome": word(outcome).value,
        "stage": stage_of(outcome),
        "findings": [
            {"code": f.code, "pointer": f.pointer, "line": f.line, "severity": f.severity, "vi": f.vi, "en": f.en}
            for f in findings
        ],
        "signers": [_signed(signer) for signer in (verified.signers if verified else ())],
        "procedure": header.subject.document_type[:100] if header else None,
        "pair": header.subject.pair if header else None,
        "schema": verified.envelope.spec.schema_name if verified else None,
        "mapping": procedure.name if procedure else None,
        "reference": about.number if about else None,
        "year": about.year if about else None,
        "dossier_id": None,
        "waits_for": waits[0].value if waits else None,
        "waits_until": waits[1] if waits else None,
        "waits_since": waits[2] if waits else None,
        "steps": steps,
        "note": outcome.reason if isinstance(outcome, Parked) else None,
    }


def amendment_row(form: Declaration, decision: Decision, *, number: str, at: datetime) -> NewAmendment:
    """The row of a form 14: its dossier, the version that it makes, and its state."""
    verified, dossier = form.verified, decision.dossier
    assert dossier is not None
    waits = decision.approval
    return {
        "number": number,
        "mapping": verified.envelope.procedure.name,
        "requested": decision.answers,
        "values": form.values,
        "base": decision.base,
        "version": dossier.versions,
        "state": amendments.WAITING if waits else amendments.APPROVED,
        "received_at": verified.envelope.submission.received_at,
        "decided_at": None if waits else at,
        "decided_by": None,
        "reason": None,
    }
