"""Names of what the journal keeps: one closed set, so that nobody searches the law's evidence for two spellings."""

from __future__ import annotations

from enum import StrEnum


class JournalEvent(StrEnum):
    """What happened. The value is what is stored and hashed: it is never changed, only added to."""

    MESSAGE_ACCEPTED = "message.accepted"
    MESSAGE_REFUSED = "message.refused"
    MESSAGE_REJECTED = "message.rejected"
    MESSAGE_PARKED = "message.parked"
    CONFIRMATION_TAKEN_BACK = "confirmation.taken_back"
    REQUEST_TAKEN_BACK = "request.taken_back"
    REPLY_SIGNED = "reply.signed"
    DOSSIER_ACCEPT = "dossier.accept"
    DOSSIER_REQUEST_AMENDMENT = "dossier.request_amendment"
    DOSSIER_APPROVE = "dossier.approve"
    DOSSIER_DECLINE = "dossier.decline"
    DOSSIER_WITHDRAW_REQUEST = "dossier.withdraw_request"
    DOSSIER_COMPLETE = "dossier.complete"
    DOSSIER_COMPLETE_AMENDMENT = "dossier.complete_amendment"
    DOSSIER_REFUSE = "dossier.refuse"
    DOSSIER_BROUGHT = "dossier.brought"
    DOSSIER_PERSONAL_SHOWN = "dossier.personal_shown"
    LOOKUP_DOSSIERS = "lookup.dossiers"
    LOOKUP_REPLY = "lookup.reply"
    QUARANTINE_PAYLOAD = "quarantine.payload"
    QUARANTINE_REPLAY = "quarantine.replay"
    ACCOUNT_SUSPEND = "account.suspend"
    ACCOUNT_RESTORE = "account.restore"
    AUTHORISATION_GRANT = "authorisation.grant"
    AUTHORISATION_REVOKE = "authorisation.revoke"
    CERTIFICATE_REGISTER = "certificate.register"
    CERTIFICATE_SUSPEND = "certificate.suspend"
    CERTIFICATE_RESTORE = "certificate.restore"
    CERTIFICATE_EXPIRES = "certificate.expires"
    TOKEN_ISSUE = "token.issue"  # noqa: S105  no secret
    TOKEN_REVOKE = "token.revoke"  # noqa: S105  no secret
    WINDOW_MODE = "window.mode"
    WINDOW_OVERRIDE = "window.override"
    WINDOW_OVERRIDE_END = "window.override_end"
    WINDOW_NOTICE_END = "window.notice_end"
    OFFICE_ADD = "office.add"
    OFFICE_CHANGE = "office.change"
    OFFICE_REMOVE = "office.remove"
    PERSON_ADD = "person.add"
    PERSON_CHANGE = "person.change"
    PERSON_REMOVE = "person.remove"
    PERSON_RESTORE = "person.restore"
    SESSION_START = "session.start"
    SESSION_END = "session.end"
