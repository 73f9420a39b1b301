"""Messages that change no dossier: the window's answers to what we sent, its heartbeat, its notices of incidents."""

from __future__ import annotations

from dataclasses import replace

from adapter.gateways.store import dossiers, replies, windows
from adapter.model.procedure import Meaning, ReplyKind
from adapter.model.stages import Submission, VerifiedDocument
from adapter.pipeline.envelope import read_time
from adapter.pipeline.text import value_at
from adapter.services.ledger.ledger import Ledger


def note_answer(ledger: Ledger, verified: VerifiedDocument, submission: Submission) -> None:
    """A 99 or 00 of the window: kept with the reply that it answers, and not answered."""
    subject = verified.header.subject
    stated = value_at(verified.element, "Body/Content/Receipt/InReplyTo/MessageId")
    row = replies.answered(
        ledger.connection,
        message_id=stated or submission.correlation_id,
        document_type=subject.document_type,
        reply_type=subject.type,
        reference=subject.reference,
    )
    if row is None:
        return
    answer = "receipt" if verified.meaning is Meaning.RECEIPT else "error"
    replies.mark_answered(ledger.connection, row.id, answer, submission.received_at)
    if row.kind == ReplyKind.TRANSFER.value and answer == "receipt":
        assert row.dossier_id is not None  # a transfer is always a dossier's
        _transferred(ledger, row.dossier_id, verified)


def _transferred(ledger: Ledger, dossier_id: int, verified: VerifiedDocument) -> None:
    """The window has a transferred dossier: later replies go to the window; its number is kept as alias."""
    key = dossiers.key_of(ledger.connection, dossier_id)
    if key not in ledger.dossiers:
        ledger.database.lock(ledger.connection, [dossiers.lock_name(key)])
        ledger.adopt(dossiers.find(ledger.connection, [key]))
    if not replies.open_transfer(ledger.connection, dossier_id):
        ledger.dossiers[key] = replace(ledger.dossiers[key], transferred=True)
    content = verified.element.find("Body/Content")
    if content is None:
        return
    number = value_at(content, "WindowNumber") or value_at(content, "Receipt/WindowNumber")
    if number:
        dossiers.keep_alias(ledger.connection, dossier_id, number)


def note_control(ledger: Ledger, verified: VerifiedDocument, submission: Submission) -> None:
    """90/01, 91/01, 91/02: notices of the window about itself. A notice that the window works again counts as a sign of
    it.
    """
    connection, meaning = ledger.connection, verified.meaning
    if meaning in (Meaning.HEARTBEAT, Meaning.INCIDENT_END):
        windows.heartbeat(connection, submission.received_at)
    content = verified.element.find(f"Body/Content/{verified.envelope.spec.root}")
    if content is None:
        return
    if meaning is Meaning.INCIDENT_NOTICE:
        notice = windows.Notice(
            number=value_at(content, "NoticeNumber"),
            started_at=read_time(value_at(content, "StartedAt")) or submission.received_at,
            expected_end=read_time(value_at(content, "ExpectedEnd")),
            reason=value_at(content, "Reason"),
        )
        actor, at = str(verified.system_signer.partner), submission.received_at
        if notice.started_at > at:  # announced before its begin: maintenance
            windows.plan(connection, ledger.database, notice, actor=actor, at=at)
        else:
            windows.announce(connection, ledger.database, notice, actor=actor)
    elif meaning is Meaning.INCIDENT_END:
        over = read_time(value_at(content, "EndedAt")) or submission.received_at
        windows.end_notice(connection, over)
        windows.end_maintenance(connection, over, number=value_at(content, "NoticeNumber"))
