"""The tables, once. No table per procedure: the mapping says which values are search keys.

Longer than 350 lines: one list, which migrations and the database are compared with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept in UTC on both databases (SQLite would silently drop the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _id() -> Column[int]:
    """Ids are drawn in blocks by `gateways/store/database`, not by the tables: they order nothing."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("sender", String(200), nullable=False),
    Column("identity", String(180), nullable=False),
    Column("message_id", String(36)),
    Column("raw", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False, index=True),
    Column("content_digest", String(64)),
    Column("channel", String(10), nullable=False),
    Column("bound_to", String(20)),
    Column("received_at", Moment, nullable=False),
    Column("pressed_at", Moment),  # of what waited for the portal to open: when its declarant pressed
    Column("state", String(10), nullable=False),  # settled | waiting | parked
    Column("outcome", String(10)),
    Column("stage", String(10)),
    Column("findings", JSON, nullable=False),
    Column("signers", JSON, nullable=False),
    Column("procedure", String(100)),
    Column("pair", String(7)),
    Column("schema", String(200)),
    Column("mapping", String(120)),
    Column("reference", String(35)),
    Column("year", Integer),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("waits_for", String(20)),
    Column("waits_until", Moment),
    Column("waits_since", Moment),
    Column("note", Text),
    Column("steps", JSON),  # milliseconds of each step of the try that stored it
    UniqueConstraint("sender", "identity"),
)
Index(
    "ix_inbox_waiting",
    inbox.c.state,
    inbox.c.reference,
    inbox.c.year,
    sqlite_where=text("state <> 'settled'"),
    postgresql_where=text("state <> 'settled'"),
)

Index("ix_inbox_received", inbox.c.received_at, inbox.c.id)
Index("ix_inbox_message", inbox.c.message_id)
Index("ix_inbox_dossier", inbox.c.dossier_id, inbox.c.received_at, inbox.c.id)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("ordinal", Integer, nullable=False),  # place among the dossier's replies
    Column("inbox_id", BigInteger, ForeignKey("inbox.id")),
    Column("copy_of", BigInteger, ForeignKey("outbox.id")),
    Column("kind", String(20), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("correlation_id", String(36)),
    Column("document_type", String(100), nullable=False),
    Column("type", String(3), nullable=False),
    Column("function", String(3), nullable=False),
    Column("reference", String(35), nullable=False),
    Column("body", LargeBinary),
    Column("digest", String(64), nullable=False),
    Column("route", String(10), nullable=False),  # window | transfer | portal
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),  # the broker confirmed it; on the portal's route when it was made
    Column("readable_at", Moment),  # the declarant could read it on the portal
    Column(
        "in_hand_at", Moment
    ),  # a dispatcher took it to publish it: whether it left is not sure, so it counts as left
    Column("taken_back_at", Moment),  # it was signed and never sent, and must not be
    Column("awaits_unit", String(20)),  # the unit whose key must sign it first: until then `body` is unsigned and stays
    Column("delivered_at", Moment),  # the declarant had it
    Column("answer", String(10)),  # receipt | error: what the window answered to it
    Column("returns", Integer, nullable=False, server_default="0"),  # how often it was tried and did not leave
    Column("fault", String(12)),  # returned | refused | unconfirmed: why it did not leave at its last try
)
_STAYS = text("sent_at IS NULL AND taken_back_at IS NULL")
Index(  # what was taken back is kept for ever: among it the few that wait would be looked for by each round
    "ix_outbox_unsent",
    outbox.c.returns,
    outbox.c.created_at,
    outbox.c.id,
    sqlite_where=_STAYS,
    postgresql_where=_STAYS,
)
Index(
    "ix_outbox_awaiting",
    outbox.c.dossier_id,
    sqlite_where=text("awaits_unit IS NOT NULL AND taken_back_at IS NULL"),
    postgresql_where=text("awaits_unit IS NOT NULL AND taken_back_at IS NULL"),
)
Index("ix_outbox_dossier", outbox.c.dossier_id, outbox.c.ordinal)
Index("ix_outbox_inbox", outbox.c.inbox_id)
Index("ix_outbox_message", outbox.c.message_id)
Index(  # a 99 or 00 without a correlation id
    "ix_outbox_unanswered",
    outbox.c.reference,
    sqlite_where=text("answer IS NULL AND copy_of IS NULL"),
    postgresql_where=text("answer IS NULL AND copy_of IS NULL"),
)
UNRECEIVED = text("route = 'transfer' AND coalesce(answer, '') <> 'receipt'")
"""Transfers that the window has not confirmed. In the words of the index, or it would not be used."""
Index(
    "ix_outbox_transfer",
    outbox.c.created_at,
    sqlite_where=UNRECEIVED,
    postgresql_where=UNRECEIVED,
)

Index("ix_outbox_created", outbox.c.created_at, outbox.c.id)
Index(  # opened on the portal before they left: few, and looked for every second
    "ix_outbox_opened",
    outbox.c.delivered_at,
    sqlite_where=text("sent_at IS NULL AND delivered_at IS NOT NULL"),
    postgresql_where=text("sent_at IS NULL AND delivered_at IS NOT NULL"),
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    Column("digest", String(64), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("settled_at", Moment),
)

dossier = Table(
    "dossier",
    metadata,
    _id(),
    Column("number", String(35), nullable=False),
    Column("year", Integer, nullable=False),
    Column("procedure", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("gate", String(20)),
    Column("unit", String(20)),
    Column("principal", String(255)),
    Column("declarant", String(255)),
    Column("identities", JSON, nullable=False),
    Column("crossing_at", Moment),
    Column("late", Boolean, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("accepted_at", Moment),
    Column("confirm_due_at", Moment),
    Column("completed_at", Moment),  # a confirmation was signed; when the declarant had it is its reply's delivered_at
    Column("confirmation_number", String(35)),
    Column("last_sent", Moment),
    Column("transferred", Boolean, nullable=False),
    Column("alias_number", String(35)),
    Column("versions", Integer, nullable=False),
    Column("replies", Integer, nullable=False),
    Column("journal", Integer, nullable=False),
    Column("journal_head", String(64), nullable=False),
    UniqueConstraint("number", "year"),
)

Index(
    "ix_dossier_alias",
    dossier.c.alias_number,
    dossier.c.year,
    sqlite_where=text("alias_number IS NOT NULL"),
    postgresql_where=text("alias_number IS NOT NULL"),
)

Index("ix_dossier_state", dossier.c.state, dossier.c.received_at, dossier.c.id)
Index("ix_dossier_place", dossier.c.id, dossier.c.procedure, dossier.c.gate)  # figures need no more of a dossier

dossier_link = Table(  # two dossiers that declare the same; an officer says which counts
    "dossier_link",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),  # the later one
    Column("earlier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("found_at", Moment, nullable=False),
    Column("verdict", String(10)),  # same | different; empty: nobody has settled it
    Column("settled_at", Moment),
    Column("settled_by", String(120)),
    Column("reason", Text),
    Column("ends", String(10)),  # which of the two ended: window | portal | neither
    Column("was_state", String(20)),  # its state before it ended
)
Index("ix_dossier_link_earlier", dossier_link.c.earlier_id)
Index("ix_dossier_link_found", dossier_link.c.found_at)
Index(
    "ix_dossier_link_open",
    dossier_link.c.found_at,
    sqlite_where=text("verdict IS NULL"),
    postgresql_where=text("verdict IS NULL"),
)

declaration = Table(
    "declaration",
    metadata,
    _id(),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("inbox_id", BigInteger, ForeignKey("inbox.id"), nullable=False),
    Column("mapping", String(120), nullable=False),  # under which its values are read
    Column("values", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("signer", JSON),
    Column("document", LargeBinary),  # of an amended version: the form as it reads now; else the message holds it
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("dossier_id", "version"),
)

confirmation = Table(  # forms 08, 10, 12, 15, 17 and the ship's: what each confirms; its times are its reply's
    "confirmation",
    metadata,
    _id(),
    Column("number", String(35), nullable=False, unique=True),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False),
)
Index("ix_confirmation_dossier", confirmation.c.dossier_id)
Index("ix_confirmation_outbox", confirmation.c.outbox_id)

amendment_request = Table(  # form 13
    "amendment_request",
    metadata,
    _id(),
    Column("number", String(35), nullable=False, unique=True),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("mapping", String(120), nullable=False),  # of the procedure that amends
    Column("reason", Text, nullable=False),
    Column("items", JSON, nullable=False),
    Column("officer", String(120), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("answer_before", Moment, nullable=False),  # what the form says; the hour runs from when the declarant has it
    Column("outbox_id", BigInteger, ForeignKey("outbox.id")),  # the reply that carries it
    Column("closed_at", Moment),  # answered, asked again, or withdrawn
    Column("withdrawn_at", Moment),
    Column("withdrawn_by", String(120)),
    Column("withdrawal_reason", Text),
)
Index("ix_amendment_request_dossier", amendment_request.c.dossier_id)
Index("ix_amendment_request_outbox", amendment_request.c.outbox_id)

amendment = Table(  # form 14
    "amendment",
    metadata,
    _id(),
    Column("number", String(35), nullable=False, unique=True),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("inbox_id", BigInteger, ForeignKey("inbox.id"), nullable=False),
    Column("mapping", String(120), nullable=False),
    Column("requested", Boolean, nullable=False),
    Column("values", JSON, nullable=False),  # of form 14 itself
    Column("base", Integer, nullable=False),  # the version it starts from
    Column("version", Integer, nullable=False),  # the version it brings
    Column("state", String(10), nullable=False),  # waiting | approved | declined
    Column("received_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("decided_by", String(120)),
    Column("reason", Text),  # why it was declined
)
Index("ix_amendment_dossier", amendment.c.dossier_id)
Index("ix_amendment_received", amendment.c.received_at, amendment.c.id)
Index(
    "ix_amendment_waiting",
    amendment.c.received_at,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

# Persons and search keys are nine of ten rows of a message. Each is written in the transaction that makes what it
# belongs to and never changed or deleted, so no foreign key is checked row by row (docs/decisions/0004).
declaration_row = Table(
    "declaration_row",
    metadata,
    Column("declaration_id", BigInteger, primary_key=True),
    Column("group", String(40), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("values", JSON, nullable=False),
)

search_key = Table(
    "search_key",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("dossier_id", BigInteger, primary_key=True),
    Column("version", Integer, primary_key=True),
)

journal = Table(
    "journal",
    metadata,
    _id(),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("ordinal", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("event", String(40), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", BigInteger),  # number of the seal that covers it; null: none does yet
)
Index("ix_journal_dossier", journal.c.dossier_id, journal.c.ordinal)
Index("ix_journal_seal", journal.c.seal, journal.c.id)
_LOOKUPS = text("event IN ('lookup.dossiers', 'lookup.reply')")
Index("ix_journal_lookups", journal.c.actor, journal.c.at, sqlite_where=_LOOKUPS, postgresql_where=_LOOKUPS)
Index("ix_journal_lookups_at", journal.c.at, sqlite_where=_LOOKUPS, postgresql_where=_LOOKUPS)

lookup_trace = Table(  # of whom or what a lookup told: so it is found by the dossier, and by what was asked for
    "lookup_trace",
    metadata,
    Column("subject", String(64), primary_key=True),  # `dossier:<id>`, or the digest of a key
    Column("journal_id", BigInteger, primary_key=True),
)

journal_seal = Table(
    "journal_seal",
    metadata,
    _id(),
    Column("at", Moment, nullable=False),
    Column("heads", Integer, nullable=False),  # of 0.1.0, whose seals covered the heads of all chains
    Column("digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column(
        "number", BigInteger
    ),  # place in the chain of seals; null: made by 0.1.0 beside us, and numbered by the next
    Column("entries", Integer),  # how many entries it covers; null: one of 0.1.0
)
Index("ix_journal_seal_number", journal_seal.c.number, unique=True)

window = Table(
    "window",
    metadata,
    _id(),
    Column("refreshed_at", Moment),
    Column("broker_up_since", Moment),
    Column("broker_down_since", Moment),
    Column("heartbeat_at", Moment),
    Column("mode", String(10), nullable=False),  # up | down | unknown: the mode in the words of 0.1.0
    Column("stage", String(12)),  # the mode; null: only a clock of 0.1.0 has looked
    Column("since", Moment),
    Column("opened_at", Moment),  # the portal opened then, and the mode has not been normal since
    Column("heard_at", Moment),  # something came from the window, or left to it, for the first time
    Column("override", String(10)),
    Column("override_reason", Text),
    Column("override_by", String(120)),
    Column("override_until", Moment),  # null: an override of 0.1.0, which stands until it is ended
    Column("override_reminded_at", Moment),
    Column("seen", String(10)),  # the mode without the override; null: only a clock of 0.1.0 has looked
    Column("seen_cause", String(20)),
    Column("seen_reason", Text),
)

incident = Table(
    "incident",
    metadata,
    _id(),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("cause", String(20), nullable=False),  # broker | heartbeat | notice | override
    Column("reason", Text, nullable=False),
    Column("notice_number", String(35)),
    Column("actor", String(120), nullable=False),
    Column("expected_end", Moment),
    Column("notice_ended_at", Moment),  # the manager says that it was over then (91/02)
)

maintenance = Table(  # the window's manager is to be away, as he announced before it
    "maintenance",
    metadata,
    _id(),
    Column("number", String(35), nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("reason", Text, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("announced_at", Moment, nullable=False),
    Column("ended_at", Moment),  # over or called off before its time
)

window_link = Table(
    "window_link",
    metadata,
    _id(),
    Column("procedure", String(100), nullable=False),
    Column("gate", String(20)),  # null: every gate
    Column("linked", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("document", Text, nullable=False),  # by which that was decided
    Column("stated_by", String(120), nullable=False),
    Column("stated_at", Moment, nullable=False),
    Column("ended_by", String(120)),  # taken back before its time
    Column("ended_at", Moment),
)
Index("ix_window_link_procedure", window_link.c.procedure)

deadline = Table(
    "deadline",
    metadata,
    _id(),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("incident_id", BigInteger, ForeignKey("incident.id")),
    Column("name", String(40), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("party", String(12), nullable=False),  # border_guard | declarant: whom it binds
    Column("amount", Double, nullable=False),
    Column("unit", String(12), nullable=False),
    Column("noticed_at", Moment, nullable=False),  # the dossier's first reception, or when a request was made
    Column("alert_due_at", Moment),
    Column("warn_at", Moment),
    Column("starts_with", BigInteger, ForeignKey("outbox.id")),  # the reply whose delivery starts the law's clock
    Column("started_at", Moment),  # the law's clock begins
    Column("due_at", Moment),
    Column("answered_at", Moment),  # the reply that answers it was signed
    Column("ended_at", Moment),  # it runs no longer: the reply was sent, or there is nothing left to be done
    Column("why", String(10)),  # answered | lapsed | withdrawn
    Column("outbox_id", BigInteger, ForeignKey("outbox.id")),  # the reply that answers it
    Column("warned_at", Moment),
    Column("breached_at", Moment),
)
Index("ix_deadline_dossier", deadline.c.dossier_id)
Index("ix_deadline_noticed", deadline.c.noticed_at)
Index("ix_dossier_received", dossier.c.received_at)
Index("ix_dossier_gate", dossier.c.gate, dossier.c.state, dossier.c.received_at, dossier.c.id)
for _name, _column, _open in (
    ("warn", deadline.c.warn_at, "ended_at IS NULL AND warned_at IS NULL"),
    ("breach", deadline.c.alert_due_at, "ended_at IS NULL AND breached_at IS NULL"),
    ("starts", deadline.c.starts_with, "ended_at IS NULL AND started_at IS NULL"),
    ("unsent", deadline.c.outbox_id, "ended_at IS NULL AND outbox_id IS NOT NULL"),
    ("incident", deadline.c.incident_id, "incident_id IS NOT NULL"),
):
    Index(f"ix_deadline_{_name}", _column, sqlite_where=text(_open), postgresql_where=text(_open))

Index(
    "ix_deadline_ends",
    text("coalesce(due_at, alert_due_at)"),
    deadline.c.id,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index(
    "ix_deadline_party",
    deadline.c.party,
    text("coalesce(due_at, alert_due_at)"),
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

contingency = Table(
    "contingency",
    metadata,
    _id(),
    Column("sender", String(200), nullable=False),
    Column("message_key", String(100), nullable=False),
    Column("number", String(35), nullable=False, unique=True),
    Column("year", Integer, nullable=False),
    Column("issued_at", Moment, nullable=False),
    UniqueConstraint("sender", "message_key"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    _id(),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("label", String(120), nullable=False),
    Column("person", String(100)),  # whose it is, by his id in the register; null: a machine's
    Column("bound_to", String(20)),
    Column("office", String(40)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)

person = Table(  # a change ends a row and adds another: who could do what on a day of the past stays told
    "person",
    metadata,
    _id(),
    Column("code", String(100), nullable=False),
    Column("name", String(100), nullable=False),
    Column("rank", String(50), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("unit", String(20)),
    Column("office", String(40)),
    Column("login", String(255)),  # what the identity provider of staff calls him
    Column("since", Moment, nullable=False),
    Column("granted_by", String(120), nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(120)),
    Column("reason", Text),
)
Index("ix_person_code", person.c.code)
Index(
    "ix_person_standing",
    person.c.code,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

_LINKED = text("ended_at IS NULL AND login IS NOT NULL")
Index("ix_person_login", person.c.login)
Index("ix_person_linked", person.c.login, unique=True, sqlite_where=_LINKED, postgresql_where=_LINKED)

customs_office = Table(
    "customs_office",
    metadata,
    _id(),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("parent", String(40)),  # code of the office above it
    Column("places", JSON, nullable=False),  # codes of gates and border units whose dossiers it looks up
    Column("created_at", Moment, nullable=False),
)

lookup_right = Table(  # a customs officer may look a procedure up, or may not, otherwise than by rule
    "lookup_right",
    metadata,
    _id(),
    Column("person", String(100), nullable=False),
    Column("procedure", String(100), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("by", String(120), nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(120)),
)
Index("ix_lookup_right_person", lookup_right.c.person)
Index(
    "ix_lookup_right_standing",
    lookup_right.c.person,
    lookup_right.c.procedure,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

api_party = Table(  # who signs assertions at the interface: a program for itself, an issuer for officers
    "api_party",
    metadata,
    _id(),
    Column("kind", String(10), nullable=False),  # client | issuer
    Column("code", String(200), nullable=False),  # as assertions name it
    Column("name", String(200), nullable=False),
    Column("keys", JSON, nullable=False),  # public ones
    Column("offices", JSON, nullable=False),
    Column("issuers", JSON, nullable=False),
    Column("procedures", JSON(none_as_null=True)),  # null: whatever its officers may
    Column("since", Moment, nullable=False),
    Column("by", String(120), nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(120)),
    Column("reason", Text),
)
Index(
    "ix_api_party_standing",
    api_party.c.kind,
    api_party.c.code,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

assertion_seen = Table(  # each assertion is used once; those that have ended are deleted
    "assertion_seen",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ends_at", Moment, nullable=False),
)
Index("ix_assertion_seen_ends", assertion_seen.c.ends_at)

lookup_count = Table(  # how often somebody has searched by name in an hour; older hours of his are deleted
    "lookup_count",
    metadata,
    Column("actor", String(120), primary_key=True),
    Column("hour", Integer, primary_key=True),  # since 1970
    Column("count", Integer, nullable=False),
)

paper_record = Table(  # what was done by hand, as an officer enters it; a dossier once a second one has checked it
    "paper_record",
    metadata,
    _id(),
    Column("number", String(35), nullable=False),  # as on the form
    Column("year", Integer, nullable=False),
    Column("procedure", String(100), nullable=False),
    Column("mapping", String(120), nullable=False),
    Column("gate", String(20)),
    Column("unit", String(20)),
    Column("values", JSON, nullable=False),  # texts by field, as they were typed
    Column("rows", JSON, nullable=False),
    Column("received_at", Moment, nullable=False),  # by the form
    Column("confirmed_at", Moment),  # by the form
    Column("confirmation", String(60)),  # its number on the form
    Column("entered_by", String(120), nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("checked_by", String(120)),
    Column("checked_at", Moment),
    Column("returned_by", String(120)),  # it was entered wrongly
    Column("returned_at", Moment),
    Column("reason", Text),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("reported_at", Moment),  # to the window's manager, where it was done during an incident of the window
)
Index("ix_paper_record_number", paper_record.c.number, paper_record.c.year)
Index("ix_paper_record_received", paper_record.c.received_at, paper_record.c.id)
Index("ix_paper_record_dossier", paper_record.c.dossier_id)
_UNCHECKED = text("checked_at IS NULL AND returned_at IS NULL")
Index("ix_paper_record_waiting", paper_record.c.entered_at, sqlite_where=_UNCHECKED, postgresql_where=_UNCHECKED)

certificate = Table(
    "certificate",
    metadata,
    _id(),
    Column("issuer", String(500), nullable=False),
    Column("serial", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("holder", String(255), nullable=False),
    Column("number", String(20), index=True),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment, nullable=False),
    Column("registered_with", String(10), nullable=False),  # portal | window
    Column("since", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # active | suspended | waiting | declined
    Column("reason", Text),
    Column("officer", String(120)),
    Column("changed_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("issuer", "serial"),
)
Index("ix_certificate_serial", certificate.c.serial)
Index("ix_certificate_fingerprint", certificate.c.fingerprint)
Index("ix_certificate_valid_to", certificate.c.valid_to)
Index(
    "ix_certificate_waiting",
    certificate.c.changed_at,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

authorisation = Table(
    "authorisation",
    metadata,
    _id(),
    Column("holder", String(20), nullable=False, index=True),
    Column("principal", String(20), nullable=False, index=True),
    Column("document", String(80), nullable=False),
    Column("procedure", String(100)),  # null: for every procedure
    Column("granted_by", String(10), nullable=False, server_default="officer"),  # officer | principal | signed
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),
    Column("granted_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("reason", Text),
    Column("file_digest", String(64)),  # of the scanned letter (stored_file)
    Column("file_name", String(150)),
    Column("unit", String(20)),  # of the officer who has entered it; null: given by its principal, or of no unit
    Column("entered_by", String(120)),  # that officer, by his id in the register
)
_HAS_LETTER = text("file_digest IS NOT NULL")
Index(
    "ix_authorisation_file",
    authorisation.c.file_digest,
    sqlite_where=_HAS_LETTER,
    postgresql_where=_HAS_LETTER,
)
Index("ix_authorisation_entered", authorisation.c.unit, authorisation.c.granted_at)

suspension = Table(
    "suspension",
    metadata,
    _id(),
    Column("number", String(20), nullable=False),
    Column("unit", String(20)),  # null: at every unit
    Column("reason", Text, nullable=False),
    Column("officer", String(120), nullable=False),
    Column("since", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_reason", Text),
    Column("lifted_officer", String(120)),
    Column("ground", String(10), nullable=False, server_default="risk"),  # risk | principal
    Column("document", String(80)),
    Column("principal", String(20)),  # whose request it is, or who is told of it too
    Column("decided_by", String(250)),  # as the declarant is told: rank, name, unit
    Column("lifted_document", String(80)),
    Column("told", JSON),  # the numbers of those who have got a notice of it
)
Index(
    "ix_suspension_open",
    suspension.c.number,
    sqlite_where=text("lifted_at IS NULL"),
    postgresql_where=text("lifted_at IS NULL"),
)

delegation = Table(  # of the draft alone: a deputy decides on accounts for the head of his unit
    "delegation",
    metadata,
    _id(),
    Column("person", String(100), nullable=False, index=True),
    Column("unit", String(20), nullable=False),
    Column("document", String(80), nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment, nullable=False),
    Column("granted_by", String(120), nullable=False),
    Column("granted_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(120)),
)

expiry_alert = Table(
    "expiry_alert",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

draft = Table(
    "draft",
    metadata,
    _id(),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("owner", String(20), nullable=False),
    Column("procedure", String(100), nullable=False),
    Column("pair", String(10), nullable=False),
    Column("answers", JSON, nullable=False),
    Column("version", Integer, nullable=False),  # counts its changes, so that two windows of a browser see each other
    Column("message_key", String(36), nullable=False, unique=True),  # of the one message that may be sent of it next
    Column("number", String(35)),  # drawn once a draft
    Column("year", Integer),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("pressed_at", Moment),  # when what stands now was first sent, or prepared to be signed
    Column("signed", LargeBinary),  # what its declarant has signed and not sent yet
    Column("sent_at", Moment),
    Column("sent_as", String(36)),  # public id of the message
    Column("base", Integer),  # of a draft about the dossier of its number: the version that it was begun with
    Column("declared", String(120)),  # of an amendment: the mapping of that version, whose form is filled in
    Column("cover", JSON),  # of an amendment: what form 14 says of itself
    Column("acts_for", String(20)),  # tax code of the organisation whose account begins it
    Column("granted_for", String(20)),  # for whom it is begun by whoever is authorised; it stops with that
    Column("waits_since", Moment),  # when it was pressed to be sent as soon as the portal opens
    Column("leaves_at", Moment),  # when the clock took it up to send it: it cannot be taken back any more
    Column("held_back", JSON),  # why it was not taken when the portal opened, in both languages
)
_WAITING = text("waits_since IS NOT NULL AND sent_as IS NULL")
Index("ix_draft_waiting", draft.c.waits_since, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_draft_owner", draft.c.owner, draft.c.changed_at)
_UNSENT = text("sent_as IS NULL")
Index("ix_draft_unsent", draft.c.created_at, sqlite_where=_UNSENT, postgresql_where=_UNSENT)

stored_file = Table(  # the bytes of attached files, once for each digest
    "stored_file",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),  # pdf | png | jpeg
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Moment, nullable=False),  # last
    Column("scan", String(20), nullable=False),  # not_scanned | clean | infected
    Column("threat", String(200)),  # what the scanner calls it
    Column("scanned_at", Moment),
)
_NOT_SCANNED = text("scan = 'not_scanned'")
Index("ix_stored_file_not_scanned", stored_file.c.kept_at, sqlite_where=_NOT_SCANNED, postgresql_where=_NOT_SCANNED)

attachment = Table(  # a file as somebody has attached it
    "attachment",
    metadata,
    _id(),
    Column("digest", String(64), ForeignKey("stored_file.digest"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("what", String(20)),  # a code of the kinds of attachments
    Column("owner", String(20), index=True),  # personal number of the declarant; null: staff
    Column("added_by", String(120), nullable=False),  # as the journal names him
    Column("added_at", Moment, nullable=False),
    Column("draft_id", BigInteger, ForeignKey("draft.id", ondelete="SET NULL"), index=True),
    Column("paper_id", BigInteger, ForeignKey("paper_record.id"), index=True),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), index=True),
    Column("removed_at", Moment, index=True),  # its declarant has taken it off
)
_LOOSE = text("draft_id IS NULL AND paper_id IS NULL AND dossier_id IS NULL")
Index("ix_attachment_loose", attachment.c.added_at, sqlite_where=_LOOSE, postgresql_where=_LOOSE)

session = Table(  # who has logged in, and log-ins under way; a row that is over is deleted
    "session",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the cookie's value
    Column("area", String(10), nullable=False, server_default="portal"),  # portal | staff: it opens no other
    Column("csrf", String(64), nullable=False),
    Column("account", String(32)),  # of issuer and subject at the identity provider; null: a log-in under way
    Column("provider_session", String(255)),  # by which the provider ends it
    Column("number", String(20)),  # personal number
    Column("tax_code", String(20)),  # of the organisation whose account it is
    Column("acts_for", String(20)),  # whom he has chosen to act for, being authorised by him
    Column("name", String(255)),
    Column("person", String(100)),  # of staff: his id in the register of people, which has his name and roles
    Column("underway", JSON, nullable=False),  # what the return from the provider is compared with
    Column("created_at", Moment, nullable=False),
    Column("proven_at", Moment),  # of staff: when he last proved his identity; null: the provider does not state it
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
)
Index("ix_session_ends", session.c.ends_at)
Index("ix_session_number", session.c.number)
Index("ix_session_tax_code", session.c.tax_code)
Index("ix_session_account", session.c.account)
Index("ix_session_provider", session.c.provider_session)

emergency_secret = Table(  # by which staff log in while their identity provider is away
    "emergency_secret",
    metadata,
    Column("person", String(100), primary_key=True),  # his id in the register
    Column("hash", String(200), nullable=False),  # scrypt, with its salt
    Column("set_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False),  # wrong tries since it was right last
    Column("locked_until", Moment),
)

proposal = Table(  # an act of an administrator that another one confirms or declines
    "proposal",
    metadata,
    _id(),
    Column("act", String(40), nullable=False),
    Column("subject", String(200), nullable=False),  # id of a person, code of an office or program, a token's label
    Column("stated", JSON, nullable=False),  # what is to be entered
    Column("before", JSON(none_as_null=True)),  # what stood when it was made; null: nothing did
    Column("purpose", Text, nullable=False),  # why
    Column("state", String(10), nullable=False),  # drafted | waiting | done | declined | withdrawn
    Column("proposer", String(100), nullable=False),  # his id in the register of people
    Column("made_at", Moment, nullable=False),
    Column("asked_at", Moment),  # since when it waits for another administrator
    Column("decider", String(100)),
    Column("decided_at", Moment),
    Column("answer", Text),  # why it was declined
)
Index("ix_proposal_state", proposal.c.state, proposal.c.made_at)

notification = Table(  # what a declarant is told in his inbox, and by e-mail if he has confirmed an address
    "notification",
    metadata,
    _id(),
    Column("number", String(20), nullable=False),  # whose: personal number or tax code
    Column("kind", String(40), nullable=False),  # as mappings/notifications.yaml names it
    Column("cause", String(80), nullable=False),  # what it tells of: each is told once to each
    Column("dossier_id", BigInteger, ForeignKey("dossier.id")),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id")),  # the reply that it tells of: it is shown with that only
    Column("words", JSON, nullable=False),  # what its text is filled with
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),  # he is to have it by then
    Column("late_at", Moment),  # told to the operator: it had not arrived when it was due
    Column("read_at", Moment),
    Column("spread_at", Moment),  # its e-mails were made, or none is to be
    UniqueConstraint("number", "cause"),
)
Index("ix_notification_number", notification.c.number, notification.c.created_at, notification.c.id)
Index("ix_notification_dossier", notification.c.dossier_id)
Index("ix_notification_outbox", notification.c.outbox_id)
_UNSPREAD, _UNTOLD = text("spread_at IS NULL"), text("due_at IS NOT NULL AND late_at IS NULL AND read_at IS NULL")
Index("ix_notification_unspread", notification.c.created_at, sqlite_where=_UNSPREAD, postgresql_where=_UNSPREAD)
Index("ix_notification_due", notification.c.due_at, sqlite_where=_UNTOLD, postgresql_where=_UNTOLD)

mail = Table(  # an e-mail of ours, with its tries and the server's last word
    "mail",
    metadata,
    _id(),
    Column("notification_id", BigInteger, ForeignKey("notification.id")),  # null: a code for an address
    Column("kind", String(40), nullable=False),
    Column("address", String(254), nullable=False),
    Column("words", JSON, nullable=False),
    Column("message_id", String(120), nullable=False, unique=True),  # RFC 5322: the same at each try
    Column("created_at", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # waiting | sent | failed
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("tried_at", Moment),
    Column("ended_at", Moment),
    Column("answer", Text),  # what the server said last
)
Index("ix_mail_notification", mail.c.notification_id)
_TO_SEND = text("state = 'waiting'")
Index("ix_mail_waiting", mail.c.next_at, mail.c.id, sqlite_where=_TO_SEND, postgresql_where=_TO_SEND)

mail_address = Table(  # where a person wants to be told, for each number that he acts for
    "mail_address",
    metadata,
    Column("account", String(32), primary_key=True),
    Column("number", String(20), primary_key=True),
    Column("address", String(254)),  # the one that he has confirmed
    Column("confirmed_at", Moment),
    Column("pending", String(254)),  # stated and not confirmed yet
    Column("code", String(64)),  # SHA-256 of the code that was sent there
    Column("code_until", Moment),
    Column("tries", Integer, nullable=False),  # wrong codes since it was sent
    Column("stated_at", Moment, nullable=False),
)
Index("ix_mail_address_number", mail_address.c.number)

mode_notice = Table(  # a published notice of a change of the window's mode; `body` empty: it waits for the portal's key
    "mode_notice",
    metadata,
    _id(),
    Column("number", String(35), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("mode", String(12), nullable=False),
    Column("cause", String(20), nullable=False),
    Column("title", JSON, nullable=False),
    Column("text", JSON, nullable=False),
    Column("announcement", String(35)),  # number of its manager's notice
    Column("expected_end", Moment),
    Column("body", LargeBinary),
    Column("digest", String(64)),
    Column("signed_at", Moment),
)
Index("ix_mode_notice_at", mode_notice.c.at, mode_notice.c.id)

statement_value = Table(  # a random value for a statement that somebody signs; old rows are deleted
    "statement_value",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the value
    Column("purpose", String(20), nullable=False),  # certificate | authorisation | file
    Column("account", String(64)),  # whose session has asked for it; null: nobody had logged in
    Column("issued_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),  # null: not used yet; it counts once
    Column("number", String(20)),  # of who has sent a file with it
    Column("digest", String(64)),  # SHA-256 of that file's Body, canonical: nothing else enters with it
    Column("message", String(36)),  # what the file became
)
rate = Table(  # how often something was asked for in a minute, by a key that names nobody; old rows are deleted
    "rate",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),  # since 1970
    Column("rule", String(20), primary_key=True),
    Column("key", String(64), primary_key=True),  # SHA-256 of who asked
    Column("count", Integer, nullable=False),
)

snapshot = Table(  # what the clock saw when it looked last: a page never asks the broker or the machine itself
    "snapshot",
    metadata,
    Column("name", String(20), primary_key=True),  # queues | parts | certificates | deadlines | readings
    Column("machine", String(100), primary_key=True),  # whose parts they are; empty: there is one for all
    Column("tried_at", Moment, nullable=False),
    Column("taken_at", Moment),  # when `content` was seen
    Column("content", JSON),
    Column("fault", Text),  # why the last look failed; `content` is that of the one before
)

throughput = Table(  # messages that came in five minutes, counted by the clock; old rows are deleted
    "throughput",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),  # the first one, since 1970
    Column("procedure", String(100), primary_key=True),  # empty: not known
    Column("counted_at", Moment, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("answered", Integer, nullable=False),  # the first answer has left
    Column("unsent", Integer, nullable=False),  # an answer was made and has not left
    Column("within_1s", Integer, nullable=False),  # from reception until the broker confirmed the first answer
    Column("within_5s", Integer, nullable=False),  # with those before
    Column("within_30s", Integer, nullable=False),
    Column("within_300s", Integer, nullable=False),
    Column("slowest_s", Double, nullable=False),
)
