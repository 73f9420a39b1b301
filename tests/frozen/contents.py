"""What a filled store must hold: rows in each table, each value of each closed column, each nullable column both ways.

A new column of letters must be named here, as closed (with its values) or as open: so that nothing is forgotten when
the next store is frozen. What cannot be made says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, String, Text, func, select

from adapter.bootstrap import Components
from adapter.catalogue.names import SEARCH_KINDS
from adapter.gateways.store.authorisations import GrantedBy
from adapter.gateways.store.certificates import CertificateState, Office
from adapter.gateways.store.deadlines import End
from adapter.gateways.store.snapshots import Look
from adapter.gateways.store.suspensions import SuspensionGround
from adapter.gateways.store.tables import metadata
from adapter.model.attachment import FileKind, Scan
from adapter.model.dossier import DossierState
from adapter.model.duties import Unit
from adapter.model.outcomes import Word
from adapter.model.procedure import Meaning, Procedure, ReplyKind
from adapter.model.stages import Channel, Stage
from adapter.model.statement import Purpose
from adapter.pipeline.decide import Wait
from adapter.pipeline.pairs import Ends, PairVerdict
from adapter.pipeline.terms import RUNNING_KINDS
from adapter.services.access.tokens import PERSON, Machine

JOURNAL = (
    *(f"message.{word.value}" for word in Word),
    *(f"dossier.{act}" for act in ("accept", "approve", "brought", "complete", "complete_amendment", "decline")),
    *("dossier.personal_shown", "dossier.refuse", "dossier.request_amendment", "dossier.withdraw_request"),
    "attachment.given",
    *("paper.enter", "paper.return", "paper.shown", "dossier.record", "pair.settle", "pair.reopen", "incident.report"),
    *("portal.failed", "portal.works", "portal.call_list_shown", "portal.call_noted"),
    *("confirmation.taken_back", "reply.signed", "request.taken_back", "message.unmasked", "reply.resend"),
    *(
        "worklist.shown",
        "register.shown",
        "lookup.dossiers",
        "lookup.reply",
        "lookup.audit",
        "lookup.right_give",
        "lookup.right_withdraw",
    ),
    *("api_party.add", "api_party.change", "api_party.end"),
    *("quarantine.payload", "quarantine.replay"),
    *("account.suspend", "account.restore", "authorisation.grant", "authorisation.revoke"),
    *("delegation.grant", "delegation.end"),
    *(
        "certificate.register",
        "certificate.apply",
        "certificate.approve",
        "certificate.decline",
        "certificate.suspend",
        "certificate.restore",
        "certificate.expires",
    ),
    *("token.issue", "token.revoke", "window.mode", "window.override", "window.override_end"),
    *("window.notice_end", "window.confirm", "window.maintenance", "window.link", "window.link_end"),
    *(f"person.{act}" for act in ("add", "change", "remove", "restore")),
    *("session.start", "session.end", "session.refused", "session.emergency", "emergency.secret"),
    *(f"office.{act}" for act in ("add", "change", "remove")),
    *(f"proposal.{act}" for act in ("ask", "confirm", "decline", "withdraw")),
)
"""Every event of the journal."""

CLOSED: Mapping[str, Iterable[str]] = {
    "inbox.channel": Channel,
    "inbox.state": ("settled", "waiting", "parked"),
    "inbox.outcome": Word,
    "inbox.stage": Stage,
    "inbox.waits_for": Wait,
    "outbox.kind": ReplyKind,
    "outbox.route": ("window", "transfer", "portal", "unit"),
    "outbox.answer": ("receipt", "error"),
    "outbox.fault": ("returned",),
    "snapshot.name": Look,
    "dossier.state": DossierState,
    "dossier.channel": Channel,
    "dossier_link.verdict": PairVerdict,
    "dossier_link.ends": Ends,
    "amendment.state": ("waiting", "approved", "declined"),
    "journal.event": JOURNAL,
    "window.mode": ("down",),
    "window.override": ("down",),
    "window.seen": ("up",),
    "window.seen_cause": ("none",),
    "window.stage": ("direct",),
    "incident.cause": ("broker", "heartbeat", "maintenance", "notice", "override"),
    "deadline.kind": (*RUNNING_KINDS, "reconcile_within"),
    "deadline.party": ("border_guard", "declarant"),
    "deadline.unit": Unit,
    "deadline.why": End,
    "token.role": (*Machine, PERSON),
    "certificate.registered_with": Office,
    "certificate.state": CertificateState,
    "statement_value.purpose": Purpose,
    "session.area": ("portal", "staff"),
    "api_party.kind": ("client", "issuer"),
    "proposal.state": ("drafted", "waiting", "done", "declined", "withdrawn"),
    "stored_file.kind": FileKind,
    "stored_file.scan": Scan,
    "mail.state": ("waiting", "sent", "failed"),
    "authorisation.granted_by": GrantedBy,
    "suspension.ground": SuspensionGround,
    "search_key.kind": tuple(kind for kind in SEARCH_KINDS if kind != "personal_number"),
}
"""The columns with a closed set of values. No mapping of today asks for a key by personal number."""

OPEN = {
    *("dossier_link.settled_by", "dossier_link.reason", "dossier_link.was_state"),
    *("inbox.public_id", "inbox.sender", "inbox.identity", "inbox.message_id", "inbox.digest", "inbox.content_digest"),
    *("inbox.bound_to", "inbox.procedure", "inbox.pair", "inbox.schema", "inbox.mapping", "inbox.reference"),
    *("inbox.note", "outbox.message_id", "outbox.correlation_id", "outbox.document_type", "outbox.type"),
    *("outbox.awaits_unit", "snapshot.machine", "throughput.procedure"),
    *("outbox.function", "outbox.reference", "outbox.digest", "attempt.digest", "dossier.number", "dossier.procedure"),
    *("dossier.gate", "dossier.unit", "dossier.principal", "dossier.declarant", "dossier.confirmation_number"),
    *("dossier.alias_number", "dossier.journal_head", "declaration.mapping", "declaration.digest"),
    *("amendment_request.number", "amendment_request.mapping", "amendment_request.reason"),
    *("amendment_request.withdrawn_by", "amendment_request.withdrawal_reason", "confirmation.number"),
    *("amendment_request.officer", "amendment.number", "amendment.mapping", "amendment.decided_by"),
    *("amendment.reason", "declaration_row.group", "search_key.value", "journal.actor", "journal.previous"),
    *("journal.hash", "journal_seal.digest", "journal_seal.previous", "window.override_reason", "window.override_by"),
    *("maintenance.number", "maintenance.reason", "maintenance.actor", "window_link.procedure", "window_link.gate"),
    *("window_link.document", "window_link.stated_by", "window_link.ended_by"),
    *("incident.reason", "incident.notice_number", "incident.actor", "deadline.name", "contingency.sender"),
    *("contingency.message_key", "contingency.number", "counter.name", "token.hash", "token.label", "token.person"),
    *("token.bound_to", "token.office", "certificate.issuer", "certificate.serial", "certificate.fingerprint"),
    *("certificate.subject", "certificate.holder", "certificate.number", "certificate.reason"),
    *("certificate.officer", "authorisation.holder", "authorisation.principal", "authorisation.document"),
    *("authorisation.file_digest", "authorisation.file_name", "authorisation.unit", "authorisation.entered_by"),
    *("draft.public_id", "draft.owner", "draft.procedure", "draft.pair", "draft.message_key", "draft.number"),
    *("draft.sent_as", "draft.declared", "draft.acts_for"),
    *("authorisation.procedure", "session.acts_for", "draft.granted_for"),
    *("authorisation.reason", "suspension.number", "suspension.unit", "suspension.reason", "suspension.officer"),
    *("person.code", "person.name", "person.rank", "person.unit", "person.office", "person.granted_by"),
    *("session.hash", "session.csrf", "session.account", "session.provider_session", "session.number"),
    *(
        "session.tax_code",
        "session.name",
        "session.person",
        "person.login",
        "emergency_secret.person",
        "emergency_secret.hash",
    ),
    *("lookup_trace.subject", "lookup_right.person", "lookup_right.procedure", "lookup_right.by"),
    *("lookup_right.ended_by", "lookup_count.actor", "api_party.code", "api_party.name", "api_party.by"),
    *("api_party.ended_by", "api_party.reason", "assertion_seen.digest"),
    *("proposal.act", "proposal.subject", "proposal.proposer", "proposal.decider"),
    *("person.ended_by", "customs_office.code", "customs_office.name", "customs_office.parent"),
    *("notification.number", "notification.kind", "notification.cause", "mail.kind", "mail.address", "mail.message_id"),
    *("mail_address.account", "mail_address.number", "mail_address.address", "mail_address.pending"),
    *("mail_address.code", "mode_notice.number", "mode_notice.mode", "mode_notice.cause", "mode_notice.announcement"),
    *("mode_notice.digest", "rate.rule", "rate.key"),
    *("statement_value.hash", "statement_value.account", "statement_value.number", "statement_value.digest"),
    "statement_value.message",
    *(
        "paper_record.number",
        "paper_record.procedure",
        "paper_record.mapping",
        "paper_record.gate",
        "paper_record.unit",
    ),
    *("paper_record.confirmation", "paper_record.entered_by", "paper_record.checked_by", "paper_record.returned_by"),
    *("stored_file.digest", "stored_file.threat", "attachment.digest", "attachment.name", "attachment.what"),
    *("attachment.owner", "attachment.added_by"),
    *("suspension.lifted_reason", "suspension.lifted_officer", "expiry_alert.fingerprint"),
    *("suspension.document", "suspension.principal", "suspension.decided_by"),
    *("suspension.lifted_document", "delegation.person", "delegation.unit", "delegation.document"),
    *("delegation.granted_by", "delegation.ended_by"),
}
"""The columns whose letters are anybody's."""

CANNOT = {
    "window": "there is one row: what a column holds is what it held last",
    "certificate.number": "a certificate without a number of its holder is not registered",
    "deadline.warn_at": "the calendar has every year of the story",
    "deadline.alert_due_at": "the calendar has every year of the story",
    "inbox.steps": "only messages of 0.1.0 have none",
    "inbox.outcome": "each message that is kept has one",
    "outbox.inbox_id": "each reply of ours answers a message",
    "dossier.gate": "every form states it",
    "dossier.unit": "every form states it",
    "paper_record.gate": "every form states it",
    "paper_record.unit": "every form states it",
    "dossier.crossing_at": "every form states it",
    "dossier.declarant": "every form states who declares",
    "dossier.last_sent": "every header states when it was sent",
    "declaration.signer": "each version came under a signature, a system's at least",
    "suspension.decided_by": "only suspensions of 0.1.0 have none",
    "suspension.told": "only suspensions of 0.1.0 have none",
    "journal_seal.number": "only seals of 0.1.0 have none",
    "journal_seal.entries": "only seals of 0.1.0 have none",
    "journal.seal": "the last seal of a story seals every entry",
    "amendment_request.outbox_id": "only requests of 0.1.0 have none",
    "counter": "PostgreSQL draws ids from a sequence",
}
"""Tables and columns that cannot be had both ways, or not on both databases, and why."""


def missing(components: Components, connection: Connection) -> list[str]:
    """What a store lacks of all this, by the tables and the catalogue of today."""
    return [*unnamed(metadata), *_lacking(connection, metadata), *_lives(components, connection)]


def unnamed(tables: MetaData) -> Iterator[str]:
    """Columns of letters that nobody has called closed or open."""
    for name, column in _columns(tables):
        letters = isinstance(column.type, String) and not isinstance(column.type, Text)
        if letters and (name in CLOSED) == (name in OPEN):
            yield f"{name}: name it in CLOSED or in OPEN"


def _lacking(connection: Connection, tables: MetaData) -> Iterator[str]:
    for table in tables.sorted_tables:
        if not connection.execute(select(func.count()).select_from(table)).scalar_one() and table.name not in CANNOT:
            yield f"{table.name}: no row"
    for name, column in _columns(tables):
        found = set(connection.execute(select(column).distinct()).scalars()) if _is_small(column) else set()
        for value in sorted(set(map(str, CLOSED.get(name, ()))) - found):
            yield f"{name}: no {value}"
        if isinstance(column.type, Boolean) and found != {True, False}:
            yield f"{name}: only {found}"
        if column.nullable and not {name, column.table.name} & set(CANNOT):
            yield from _both_ways(connection, name, column)


def _is_small(column: Column[Any]) -> bool:
    return f"{column.table.name}.{column.name}" in CLOSED or isinstance(column.type, Boolean)


def _both_ways(connection: Connection, name: str, column: Column[Any]) -> Iterator[str]:
    of = select(func.count()).select_from(column.table)
    if not connection.execute(of.where(column.is_(None))).scalar_one():
        yield f"{name}: never empty"
    if not connection.execute(of.where(column.is_not(None))).scalar_one():
        yield f"{name}: always empty"


def _columns(tables: MetaData) -> Iterator[tuple[str, Column[Any]]]:
    for table in tables.sorted_tables:
        for column in table.columns:
            yield f"{table.name}.{column.name}", column


def _lives(components: Components, connection: Connection) -> Iterator[str]:
    """Of each procedure a dossier in each state that it can have, each pair of messages, each group of rows."""
    dossier, inbox, rows = (metadata.tables[name] for name in ("dossier", "inbox", "declaration_row"))
    states = {tuple(row) for row in connection.execute(select(dossier.c.procedure, dossier.c.state).distinct())}
    pairs = {tuple(row) for row in connection.execute(select(inbox.c.procedure, inbox.c.pair).distinct())}
    groups = set(connection.execute(select(rows.c.group).distinct()).scalars())
    for code, versions in components.catalogue.procedures.items():
        procedure = versions[-1]
        for state in _possible(procedure):
            if (code, state.value) not in states:
                yield f"dossier: none of {code} is {state.value}"
        for pair in procedure.messages:
            if (procedure.document_type, pair) not in pairs and "*" not in pair:
                yield f"inbox: no {pair} of {procedure.document_type}"
        for group in procedure.groups:
            if group.name not in groups and procedure.amends is None:
                yield f"declaration_row: no {group.name} (of {code})"


def _possible(procedure: Procedure) -> Iterator[DossierState]:
    """The states that a dossier of this procedure can be in; form 14 and heartbeats make none."""
    meanings = {spec.meaning for spec in procedure.messages.values()}
    if procedure.amends is not None or Meaning.DECLARATION not in meanings:
        return
    for state in DossierState:
        if state is DossierState.RECEIVED and procedure.acceptance == "automatic":
            continue  # it is accepted with the message that makes it
        if state in (DossierState.RECORDED, DossierState.MERGED):
            continue  # officers enter and merge dossiers of whatever procedure
        if state is DossierState.WITHDRAWN and Meaning.WITHDRAWAL not in meanings:
            continue  # only ships are withdrawn (12/05)
        yield state
