"""Reading dossiers for officers and operators: lists, everything about one dossier, the proof of the journal.

Personal values are masked unless they are asked for; the journal keeps who asked for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadline_figures, dossiers, listings, lookups
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import (
    ConfirmationWithReply,
    ReplyWithoutBody,
    StoredDossier,
    VersionWithMessage,
)
from adapter.gateways.store.journal_proof import Part, Proof, prove
from adapter.gateways.store.records import StoredEntry
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import CONFIRMED, ShownState, stored_state
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import FieldSpec
from adapter.model.stages import StoredRecord
from adapter.model.units import BorderUnits
from adapter.services.access.rights import Right, needs, needs_in_unit, unit_within
from adapter.services.dossiers.naming import MASK, party_name
from adapter.services.dossiers.personal_shown import note_personal_shown
from adapter.services.dossiers.shown_state import shown
from adapter.services.watch.deadlines import RunningDeadline, due_of


@dataclass(frozen=True, slots=True)
class Overview:
    """A dossier in a list: no personal value."""

    number: str
    year: int
    procedure: str
    state: str
    """As `shown_state` words it."""
    channel: str
    received_at: datetime
    accepted_at: datetime | None
    confirm_due_at: datetime | None
    confirmed_at: datetime | None
    """When a confirmation was signed last."""
    sent_at: datetime | None
    """When that one was sent; in a list only of a dossier that is confirmed now."""
    completed_at: datetime | None
    """When the declarant had it (Article 10); in a list the same."""
    late: bool
    """Declared later than the Decision asks."""
    overdue: bool
    """Its confirmation was due before now (Articles 10, 11, 13, 14, 16, 17) and none was sent."""


@dataclass(frozen=True, slots=True)
class Version:
    """What was declared, by which message, signed by whom."""

    version: int
    received_at: datetime
    message_id: str | None
    public_id: str
    mapping: str | None
    digest: str
    signer: Mapping[str, str | None] | None
    values: StoredRecord
    rows: Mapping[str, list[StoredRecord]]


@dataclass(frozen=True, slots=True)
class ReplyLife:
    """A reply and its way: made, sent, answered or delivered."""

    ordinal: int
    kind: str
    pair: str
    message_id: str
    route: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    answer: str | None
    awaits_unit: str | None
    """The unit whose key must sign it before it can leave; None: it is signed."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry of the journal."""

    ordinal: int
    at: datetime
    event: str
    actor: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Life:
    """Everything about one dossier."""

    dossier: Overview
    gate: str | None
    unit: str | None
    crossing_at: datetime | None
    principal: str | None
    declarant: str | None
    confirmation_number: str | None
    alias_number: str | None
    transferred: bool
    linked: tuple[str, ...]
    """Dossiers that declare the same and came by the other door."""
    versions: tuple[Version, ...]
    replies: tuple[ReplyLife, ...]
    journal: tuple[JournalLine, ...]
    deadlines: tuple[RunningDeadline, ...] = ()


@dataclass(frozen=True)
class DossierReader:
    """Reads for people. `clock` gives the legal time, by which a confirmation is overdue."""

    database: Database
    catalogue: Callable[[], Catalogue]
    """Called only where values are shown: a list needs no mappings."""
    units: BorderUnits
    clock: Callable[[], datetime]

    def dossiers(self, *, state: ShownState | None, limit: int, actor: Actor) -> list[Overview]:
        """The dossiers received last; of the actor's unit, if he sees one unit only.

        Raises:
            NoRight: the actor may not see dossiers.
        """
        now, unit = self.clock(), unit_within(actor, Right.SEE_DOSSIERS, self.units)
        with self.database.reading() as connection:
            stored, way = stored_state(state)
            rows = listings.dossiers(connection, state=stored, way=way, unit=unit, limit=limit)
            unsent = deadline_figures.overdue(connection, [row.id for row in rows], now)
            confirmed = lookups.confirmations(connection, [row.id for row in rows if row.state in CONFIRMED])
        return [_overview(row, _newest(confirmed.get(row.id)), is_overdue=row.id in unsent) for row in rows]

    def life(self, key: DossierKey, *, personal: bool, actor: Actor) -> Life:
        """A dossier's life. `personal` shows personal values, and the journal keeps who asked for them.

        Raises:
            NotAllowed: there is no such dossier.
            NoRight: the actor may not see it, or not its personal values.
        """
        now, right = self.clock(), Right.SEE_PERSONAL_VALUES if personal else Right.SEE_DOSSIERS
        needs(actor, right)
        with self.database.transaction() if personal else self.database.reading() as connection:
            row = _row(connection, key)
            needs_in_unit(actor, right, self.units.of(row.gate, row.unit), f"dossier {key}")
            if personal:
                note_personal_shown(connection, self.database, DossierKey(row.number, row.year), actor, now)
            parts = _parts(connection, row, now)
        return _told(parts, self.catalogue(), personal=personal)

    def after_act(self, key: DossierKey) -> Life:
        """The same, masked, for the officer who has just acted on it: the act may have moved it to another unit."""
        with self.database.reading() as connection:
            parts = _parts(connection, _row(connection, key), self.clock())
        return _told(parts, self.catalogue(), personal=False)

    def journal_proof(self, part: Part, *, actor: Actor) -> Proof:
        """Whether the journal is whole, or a part of it.

        Raises:
            NoRight: the actor may not read the journal.
        """
        needs(actor, Right.READ_JOURNAL)
        with self.database.reading() as connection:
            return prove(connection, now=self.clock(), part=part)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The rows of a dossier, read in one transaction."""

    row: StoredDossier
    versions: list[VersionWithMessage]
    groups: Mapping[int, Mapping[str, Sequence[StoredRecord]]]
    """The rows of each version by its id, by their lists."""
    replies: list[ReplyWithoutBody]
    entries: list[StoredEntry]
    due: list[RunningDeadline]
    linked: tuple[str, ...]
    confirmed: ConfirmationWithReply | None
    is_overdue: bool


def _row(connection: Connection, key: DossierKey) -> StoredDossier:
    row = listings.dossier_row(connection, key)
    if row is None:
        raise NotAllowed(f"there is no dossier {key}")
    return row


def _parts(connection: Connection, row: StoredDossier, now: datetime) -> _Parts:
    stored = listings.versions(connection, row.id)
    return _Parts(
        row=row,
        versions=stored,
        groups=listings.rows_of(connection, [each.id for each in stored]),
        replies=listings.replies(connection, row.id),
        entries=listings.entries(connection, row.id),
        due=[due_of(each, now) for each in deadline_figures.of_dossier(connection, row.id)],
        linked=tuple(str(key) for key in dossiers.linked(connection, row.id)),
        confirmed=lookups.newest_confirmation(connection, row.id),
        is_overdue=row.id in deadline_figures.overdue(connection, [row.id], now),
    )


def _told(parts: _Parts, catalogue: Catalogue, *, personal: bool) -> Life:
    versions = tuple(
        _version(each, parts.groups.get(each.id, {}), catalogue, personal=personal) for each in parts.versions
    )
    procedure = catalogue.version(parts.versions[-1].mapping) if parts.versions else None
    row = parts.row
    return Life(
        dossier=_overview(row, parts.confirmed, is_overdue=parts.is_overdue),
        gate=row.gate,
        unit=row.unit,
        crossing_at=row.crossing_at,
        principal=party_name(procedure, "principal", row.principal, personal=personal),
        declarant=party_name(procedure, "declarant", row.declarant, personal=personal),
        confirmation_number=row.confirmation_number,
        alias_number=row.alias_number,
        transferred=row.transferred,
        linked=parts.linked,
        versions=versions,
        replies=tuple(_reply(each) for each in parts.replies),
        journal=tuple(
            JournalLine(each.ordinal, each.at, each.event, each.actor, each.detail) for each in parts.entries
        ),
        deadlines=tuple(parts.due),
    )


def _overview(row: StoredDossier, newest: ConfirmationWithReply | None = None, *, is_overdue: bool) -> Overview:
    return Overview(
        number=row.number,
        year=row.year,
        procedure=row.procedure,
        state=shown(row.state, newest),
        channel=row.channel,
        received_at=row.received_at,
        accepted_at=row.accepted_at,
        confirm_due_at=row.confirm_due_at,
        confirmed_at=row.completed_at,
        sent_at=newest.sent_in_law if newest else None,
        completed_at=newest.delivered_at if newest else None,
        late=row.late,
        overdue=is_overdue,
    )


def _newest(confirmations: Sequence[ConfirmationWithReply] | None) -> ConfirmationWithReply | None:
    return confirmations[-1] if confirmations else None


def _reply(row: ReplyWithoutBody) -> ReplyLife:
    return ReplyLife(
        ordinal=row.ordinal,
        kind=row.kind,
        pair=f"{row.type}/{row.function}",
        message_id=row.message_id,
        route=row.route,
        digest=row.digest,
        created_at=row.created_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        answer=row.answer,
        awaits_unit=row.awaits_unit,
    )


def _version(
    row: VersionWithMessage, groups: Mapping[str, Sequence[StoredRecord]], catalogue: Catalogue, *, personal: bool
) -> Version:
    procedure = catalogue.version(row.mapping)
    rows: dict[str, list[StoredRecord]] = {}
    for name, records in groups.items():
        group = procedure.group(name) if procedure else None
        fields = group.fields if group else ()
        rows[name] = [each if personal else masked(each, fields) for each in records]
    signer = row.signer
    if signer and not personal:  # a subject names a person, or his personal number
        signer = {**signer, "subject": MASK}
    return Version(
        version=row.version,
        received_at=row.received_at,
        message_id=row.message_id,
        public_id=row.public_id,
        mapping=row.mapping,
        digest=row.digest,
        signer=signer,
        values=row.values if personal else masked(row.values, procedure.fields if procedure else ()),
        rows=rows,
    )


def masked(values: StoredRecord, fields: tuple[FieldSpec, ...]) -> StoredRecord:
    """Values without what is personal. A name that no field states is masked too."""
    open_names = {field.name for field in fields if not field.personal}
    return {name: value if name in open_names else MASK for name, value in values.items()}
