"""Log events: one closed set, so that filters of operators can rely on the names.

An event carries message id, dossier, outcome, durations: never a payload, never a person's name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol


class Event(StrEnum):
    """Every event the adapter emits. The ones of a message's way stand in the order they happen."""

    GATHERED = "batch.gathered"
    VERIFIED = "message.verified"
    LOCKED = "batch.locked"
    INSERTED = "batch.inserted"
    COMMITTING = "batch.committing"
    COMMITTED = "batch.committed"
    BATCH_BROKEN = "batch.broken"
    SETTLED = "message.settled"
    ACKNOWLEDGED = "batch.acknowledged"
    CLAIMED = "outbox.claimed"
    PUBLISHED = "outbox.published"
    CONFIRMED = "outbox.confirmed"
    SENT = "outbox.sent"
    RETURNED = "outbox.returned"
    NACKED = "outbox.nacked"
    UNCONFIRMED = "outbox.unconfirmed"
    PARKED = "message.parked"
    SECURITY = "security.event"
    FILE_INFECTED = "file.infected"
    UNAVAILABLE = "service.unavailable"
    AVAILABLE = "service.available"
    WORKER_STARTED = "worker.started"
    WORKER_STOPPED = "worker.stopped"
    WORKER_KILLED = "worker.killed"
    WORKER_FAILED = "worker.failed"
    DROPPED = "log.dropped"
    RELOAD_ASKED = "reload.asked"
    RELOAD_TAKEN = "reload.taken"
    RELOAD_REFUSED = "reload.refused"
    STARTED = "adapter.started"
    STOPPING = "adapter.stopping"
    STOPPED = "adapter.stopped"
    BROKER = "broker.event"
    WINDOW = "window.changed"
    OVERRIDE_ENDS = "window.override_ends"
    WOKEN = "waiting.woken"
    SEALED = "journal.sealed"
    DEADLINE_NEAR = "deadline.near"
    DEADLINE_PASSED = "deadline.passed"
    DEADLINE_BACK = "deadline.taken_back"
    CLOCK_SET = "clock.set"
    REVOCATION_FETCHED = "revocation.fetched"
    REVOCATION_UNREACHABLE = "revocation.unreachable"
    REVOCATION_UNUSABLE = "revocation.unusable"
    REVOCATION_STALE = "revocation.stale"
    EXPIRES = "certificate.expires"
    ALERT_TOLD = "alert.told"
    ALERT_UNSENT = "alert.unsent"
    LOOKUP = "lookup.done"
    ASSERTION_REFUSED = "assertion.refused"
    LOGIN = "login.done"
    EMERGENCY = "login.emergency"
    MAIL_TRIED = "mail.tried"
    MAIL = "mail.done"
    NOTIFICATION_LATE = "notification.late"
    REQUEST = "request.done"
    REQUEST_FAILED = "request.failed"
    UNSAFE = "unsafe.option"
    OLD_NAME = "option.renamed"
    KEY = "key.signs"
    KEY_NOT_TAKEN = "key.not_taken"
    AWAITS_KEY = "reply.awaits_key"
    SIGNED = "reply.signed"
    PRESSES_SENT = "presses.sent"


class Observe(Protocol):
    """Receives events: the log in production, a crash test in the proofs."""

    def __call__(self, event: Event, /, **fields: Any) -> None: ...


def unobserved(event: Event, /, **fields: Any) -> None:
    """Does nothing."""
    del event, fields
