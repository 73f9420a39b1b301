"""A dossier on one page, for the officer who decides on it: versions side by side, findings, signatures, warnings.

Whoever is of its unit sees its persons, and the journal keeps that he did; an operator or auditor sees it masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store import (
    amendments,
    attachments,
    dossiers,
    listings,
    lookups,
    own_dossiers,
    pairs,
    people,
)
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import (
    ConfirmationWithReply,
    ReplyWithoutBody,
    StoredDossier,
    VersionWithMessage,
)
from adapter.gateways.store.pairs import ListedPair
from adapter.gateways.store.records import StoredAmendment, StoredEntry, StoredRequest
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import Act
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label, Meaning, Procedure
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import BRING_WITHIN
from adapter.pipeline.units import place_of
from adapter.services.access.rights import Right, has, is_its, needs, needs_in_unit
from adapter.services.dossiers.answer_places import AnswerPlaces
from adapter.services.dossiers.case_paper import paper_of
from adapter.services.dossiers.case_records import (
    CaseEvent,
    CaseFile,
    CaseItem,
    CaseMessage,
    CaseReply,
    CaseRequest,
    CaseVersion,
    CaseWarning,
)
from adapter.services.dossiers.case_values import VersionValues, Wording, side_by_side, tables
from adapter.services.dossiers.case_warnings import warnings
from adapter.services.dossiers.desk import RIGHTS
from adapter.services.dossiers.destinations import Destination, DossierMoved, destinations, let_go
from adapter.services.dossiers.naming import MASK, form_of, gate_name, party_name
from adapter.services.dossiers.own_records import RunningLimit
from adapter.services.dossiers.personal_shown import note_personal_shown
from adapter.services.dossiers.running_limits import running_limits
from adapter.services.dossiers.shown_state import shown
from adapter.services.dossiers.versions import version_columns

_UNTIL_DECIDED = (Act.COMPLETE, Act.COMPLETE_AMENDMENT, Act.REQUEST_AMENDMENT)
"""Not while an amendment waits: that is decided first."""
_OF_AN_AMENDMENT = (Act.APPROVE, Act.DECLINE)
NOTE_PAPERS, PAIRS = "note_papers", "pairs"
_TOLD = ("confirmation", "request", "amendment", "deadline", "other", "reason", "waits_for_key")
"""Details of the journal that the timeline tells; none of them is a value of a person."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the store knows of a dossier beside its own row. `names` are officers' by their ids."""

    versions: Sequence[VersionWithMessage]
    brought: Sequence[StoredAmendment]
    said: Sequence[VersionValues]
    waiting: StoredAmendment | None
    asked: Sequence[StoredRequest]
    signed: Sequence[ConfirmationWithReply]
    limits: tuple[RunningLimit, ...]
    to_bring: tuple[str, ...]
    replies: tuple[CaseReply, ...]
    entries: Sequence[StoredEntry]
    names: Mapping[str, str]
    in_pairs: Sequence[ListedPair]

    def of_version(self, version: int) -> VersionValues | None:
        """What the version of that number says."""
        return next(
            (said for each, said in zip(self.versions, self.said, strict=True) if each.version == version), None
        )


@dataclass(frozen=True)
class CaseFiles:
    """The reading use case. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    units: BorderUnits
    clock: Callable[[], datetime]
    places: AnswerPlaces

    def open(self, key: DossierKey, actor: Actor) -> CaseFile:
        """One dossier. The journal keeps that its persons were shown.

        Raises:
            NotAllowed: there is no such dossier.
            NoRight: he may see no dossiers, or it is another unit's.
        """
        needs(actor, Right.SEE_DOSSIERS)
        now, personal = self.clock(), has(actor, Right.SEE_PERSONAL_VALUES)
        with self.database.transaction() if personal else self.database.reading() as connection:
            row = listings.dossier_row(connection, key)
            if row is None:
                raise NotAllowed(f"there is no dossier {key}")
            unit = self.units.of(row.gate, row.unit)
            needs_in_unit(actor, Right.SEE_DOSSIERS, unit, f"dossier {key}")
            personal = personal and is_its(actor, unit)
            if personal:
                note_personal_shown(connection, self.database, DossierKey(row.number, row.year), actor, now)
            case = self._read(connection, row, actor, now, personal=personal)
            return replace(case, files=attachments.of_dossier(connection, row.id)) if personal else case

    def gate(self, procedure: str, gate: str | None, at: datetime) -> Label | None:
        """The name of a gate, by the version of the procedure that was in force then."""
        return gate_name(self.catalogue, self.catalogue.find(procedure, at.astimezone(VIETNAM).date()), gate)

    def moved(self, key: DossierKey, actor: Actor) -> DossierMoved | None:
        """Where a dossier is that the actor's unit has let go; None: the unit has it, or never had it.

        Raises:
            NoRight: he may see no dossiers.
        """
        needs(actor, Right.SEE_DOSSIERS)
        with self.database.reading() as connection:
            row = listings.dossier_row(connection, key)
            at = let_go(listings.entries(connection, row.id), self.units, actor.unit) if row else None
            unit = self.units.of(row.gate, row.unit) if row else None
            if row is None or at is None or is_its(actor, unit):
                return None
            gate = self.gate(row.procedure, row.gate, row.received_at)
            name, telephone = (unit.name, unit.telephone) if unit else ("", "")
            return DossierMoved(row.number, row.year, at, gate, name, telephone)

    def _read(
        self, connection: Connection, row: StoredDossier, actor: Actor, now: datetime, *, personal: bool
    ) -> CaseFile:
        parts = _parts(connection, row, self.catalogue)
        latest = self.catalogue.version(parts.versions[-1].mapping) if parts.versions else None
        wording, in_force = Wording(self.catalogue.codelists, personal), parts.of_version(row.version)
        elsewhere = self._destinations(row, latest, now) if is_its(actor, self.units.of(row.gate, row.unit)) else ()
        return CaseFile(
            number=row.number,
            year=row.year,
            alias=row.alias_number,
            title=latest.title if latest else Label(row.procedure, row.procedure),
            form=form_of(latest) if latest else None,
            mapping=latest.name if latest else None,
            state=shown(row.state, parts.signed[-1] if parts.signed else None),
            channel=row.channel,
            unit=row.unit,
            gate=gate_name(self.catalogue, latest, row.gate),
            principal=party_name(latest, "principal", row.principal, personal=personal),
            declarant=party_name(latest, "declarant", row.declarant, personal=personal),
            crossing_at=row.crossing_at,
            received_at=row.received_at,
            accepted_at=row.accepted_at,
            late=row.late,
            confirmation=parts.signed[-1].number if parts.signed else None,
            limits=parts.limits,
            versions=tuple(_versions(row, parts, self.catalogue, personal=personal)),
            values=side_by_side(latest, parts.said, wording),
            groups=tables(latest, parts.said, wording),
            messages=tuple(self._messages(connection, row)),
            warnings=self._warnings(connection, row, latest, in_force, parts.in_pairs, personal=personal),
            requests=tuple(_request(each, parts.names) for each in parts.asked),
            amendment=parts.waiting.number if parts.waiting else None,
            replies=parts.replies,
            events=tuple(_event(each, parts.names) for each in reversed(parts.entries)),
            acts=tuple(self._acts(row, actor, parts)),
            grounds=self._grounds(latest),
            to_bring=parts.to_bring,
            destinations=elsewhere,
            moves_to=self._moves_to(latest, parts, elsewhere),
            personal=personal,
            seen=row.journal,
            at=now,
            paper=paper_of(connection, row, parts.names),
        )

    def _warnings(
        self,
        connection: Connection,
        row: StoredDossier,
        procedure: Procedure | None,
        declared: VersionValues | None,
        in_pairs: Sequence[ListedPair],
        *,
        personal: bool,
    ) -> tuple[CaseWarning, ...]:
        known, has = (connection, self.catalogue, row, procedure, declared), self.units.of
        return warnings(*known, in_pairs=in_pairs, personal=personal, has=has)

    def _acts(self, row: StoredDossier, actor: Actor, parts: _Parts) -> Iterator[str]:
        """What is possible now and his to do. The desk asks all of it again when he does it."""
        if not is_its(actor, self.units.of(row.gate, row.unit)):
            return
        dossier = dossiers.known(row)
        is_asked = any(each.closed_at is None for each in parts.asked)
        for act, right in RIGHTS.items():
            possible = dossier.after(act) is not None and has(actor, right)
            possible &= not (parts.waiting and act in _UNTIL_DECIDED)
            possible &= act not in _OF_AN_AMENDMENT or parts.waiting is not None
            possible &= act is not Act.WITHDRAW_REQUEST or is_asked
            if possible:
                yield "complete" if act is Act.COMPLETE_AMENDMENT else act.value
        if parts.to_bring and has(actor, Right.NOTE_PAPERS):
            yield NOTE_PAPERS
        if parts.in_pairs and has(actor, Right.SETTLE_PAIRS):
            yield PAIRS

    def _destinations(self, row: StoredDossier, procedure: Procedure | None, now: datetime) -> tuple[Destination, ...]:
        on = (row.crossing_at or now).astimezone(VIETNAM).date()
        return destinations(procedure, self.catalogue.codelists, self.units, row.gate, on)

    @staticmethod
    def _moves_to(procedure: Procedure | None, parts: _Parts, elsewhere: Sequence[Destination]) -> Destination | None:
        """The gate that the amendment which waits states."""
        waits = parts.of_version(parts.waiting.version) if parts.waiting else None
        if procedure is None or waits is None:
            return None
        stated, _ = place_of(procedure, waits.values)
        return next((each for each in elsewhere if each.gate == stated), None)

    def _grounds(self, procedure: Procedure | None) -> Mapping[str, Label]:
        stated = self.catalogue.codelists.get(procedure.refusal_grounds or "", {}) if procedure else {}
        return {code: Label(each.vi, each.en) for code, each in stated.items()}

    def _messages(self, connection: Connection, row: StoredDossier) -> Iterator[CaseMessage]:
        for message in own_dossiers.messages(connection, row.id):
            if message.findings:
                meaning = self.catalogue.meanings.get(message.pair or "") or Meaning.DECLARATION
                yield CaseMessage(meaning.value, message.received_at, self.places.findings(row, message))


def _parts(connection: Connection, row: StoredDossier, catalogue: Catalogue) -> _Parts:
    stored = listings.versions(connection, row.id)
    # An amendment has a version of its own, also where it was declined.
    brought = amendments.of_dossier(connection, row.id) if row.versions > 1 else []
    asked = amendments.requests_of(connection, row.id)
    limits = tuple(running_limits(connection, [row], catalogue).get(row.id, ()))
    entries = listings.entries(connection, row.id)
    rows = listings.rows_of(connection, [each.id for each in stored])
    return _Parts(
        versions=stored,
        brought=brought,
        said=[VersionValues(each.values, rows.get(each.id, {})) for each in stored],
        waiting=next((each for each in brought if each.state == amendments.WAITING), None),
        asked=asked,
        signed=lookups.confirmations(connection, [row.id]).get(row.id, []),
        limits=limits,
        to_bring=tuple(sorted(each.name for each in limits if each.kind == BRING_WITHIN)),
        replies=tuple(_reply(each) for each in listings.replies(connection, row.id) if each.route != "transfer"),
        entries=entries,
        names=_names(connection, entries, asked, brought),
        in_pairs=pairs.of_dossier(connection, row.id),
    )


def _versions(row: StoredDossier, parts: _Parts, catalogue: Catalogue, *, personal: bool) -> Iterator[CaseVersion]:
    columns = version_columns(row, parts.versions, parts.brought, catalogue)
    for column, each in zip(columns, parts.versions, strict=True):
        signer: Mapping[str, str | None] = each.signer or {}
        yield CaseVersion(
            number=column.version,
            standing=column.standing,
            received_at=column.received_at,
            amendment=column.amendment,
            reason=column.reason,
            decided_by=_named(column.decided_by, parts.names) if column.decided_by else None,
            decided_at=column.decided_at,
            signer=(signer.get("subject") if personal else MASK) if signer else None,
            serial=signer.get("serial"),
            store=signer.get("store"),
            claimed_at=_moment(signer.get("claimed_at")),
            proven_at=_moment(signer.get("proven_at")),
            digest=each.digest,
        )


def _moment(stated: str | None) -> datetime | None:
    return datetime.fromisoformat(stated).astimezone(VIETNAM) if stated else None


def _request(row: StoredRequest, names: Mapping[str, str]) -> CaseRequest:
    standing = "withdrawn" if row.withdrawn_at else "open" if row.closed_at is None else "closed"
    items = tuple(CaseItem(each["wrong"] or "", each["asked"] or "") for each in row.items)
    by = _named(row.officer, names)
    return CaseRequest(row.number, standing, row.reason, items, by, row.requested_at, row.answer_before)


def _reply(row: ReplyWithoutBody) -> CaseReply:
    return CaseReply(
        kind=row.kind,
        pair=f"{row.type}/{row.function}",
        route=row.route,
        digest=row.digest,
        signed_at=row.created_at if row.awaits_unit is None else None,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        answer=row.answer,
        awaits_unit=row.awaits_unit,
    )


def _event(entry: StoredEntry, names: Mapping[str, str]) -> CaseEvent:
    kind, _, who = entry.actor.partition(":")
    shown = [str(entry.detail[name]) for name in _TOLD if entry.detail.get(name) is not None]
    by = _named(who, names) if kind in ("person", "unregistered") else ""
    return CaseEvent(entry.at, entry.event, entry.actor, by, " · ".join(shown), entry.ordinal)


def _names(
    connection: Connection,
    entries: Sequence[StoredEntry],
    asked: Sequence[StoredRequest],
    brought: Sequence[StoredAmendment],
) -> dict[str, str]:
    """Rank and name of the officers who did something here, by their ids in the register."""
    codes = {entry.actor.removeprefix("person:") for entry in entries if entry.actor.startswith("person:")}
    codes |= {each.officer for each in asked} | {each.decided_by for each in brought if each.decided_by}
    found = people.current(connection, sorted(codes))
    return {code: f"{each.rank} {each.name}".strip() for code, each in found.items()}


def _named(code: str, names: Mapping[str, str]) -> str:
    """Who it was; whom the register has not, or not any more, by his id."""
    return "" if code == amendments.PROGRAM else names.get(code, code)
