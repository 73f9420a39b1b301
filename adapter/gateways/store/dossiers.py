"""Dossiers in the store: found under lock, changed, their versions and search keys kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    insert,
    or_,
    select,
    union_all,
    update,
)

from adapter.gateways.store import version_keys
from adapter.gateways.store.dossier_records import ConfirmationNumber, StoredDossier
from adapter.gateways.store.lists import Among, Written
from adapter.gateways.store.new_rows import DeclaredPlace, DossierPlace, NewRow
from adapter.gateways.store.records import StoredVersion, made, made_all
from adapter.gateways.store.tables import confirmation as confirmations
from adapter.gateways.store.tables import declaration as declarations
from adapter.gateways.store.tables import dossier as dossiers
from adapter.gateways.store.tables import dossier_link as links
from adapter.gateways.store.tables import outbox
from adapter.gateways.store.tables import search_key as search_keys
from adapter.model.dossier import Dossier, DossierState
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Procedure
from adapter.model.stages import Channel, Declaration, Record, Signer, Value
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM, read_time
from adapter.pipeline.search_keys import search_value


def lock_name(key: DossierKey) -> str:
    """The name under which changes of a dossier are serialised."""
    return f"dossier:{key.number}:{key.year}"


def find(connection: Connection, keys: Iterable[DossierKey]) -> dict[DossierKey, Dossier]:
    """The dossiers of these keys that exist. Callers that will change them hold their locks."""
    wanted = set(keys)
    if not wanted:
        return {}
    found = map(known, connection.execute(_BY_NUMBER.on(connection), _lists(wanted)))
    return {dossier.key: dossier for dossier in found if dossier.key in wanted}


def find_by_either(
    connection: Connection, keys: Iterable[DossierKey]
) -> tuple[dict[DossierKey, Dossier], dict[DossierKey, DossierKey]]:
    """In one statement what `find` gives, and our own keys of those that are named by the number of the window."""
    wanted = set(keys)
    if not wanted:
        return {}, {}
    found, own = {}, {}
    for row in connection.execute(_BY_EITHER.on(connection), _lists(wanted)):
        key = DossierKey(row.number, row.year)
        if key in wanted:
            found[key] = known(row)
        if row.alias_number is not None and (alias := DossierKey(row.alias_number, row.year)) in wanted:
            own[alias] = key
    return found, own


def _numbered(among: Among, number: Column[Any]) -> Select[Any]:
    """Dossiers of these numbers and of these years: a few more than of these keys.

    An index takes two lists at once; a list of pairs is planned and looked up pair by pair.
    """
    return select(dossiers).where(among(number, "numbers"), among(dossiers.c.year, "years"))


def _lists(wanted: Iterable[DossierKey]) -> dict[str, list[Any]]:
    return {"numbers": sorted({key.number for key in wanted}), "years": sorted({key.year for key in wanted})}


_BY_NUMBER = Written(lambda among: _numbered(among, dossiers.c.number))
_BY_EITHER = Written(
    lambda among: union_all(
        _numbered(among, dossiers.c.number),
        _numbered(among, dossiers.c.alias_number).where(dossiers.c.alias_number.is_not(None)),
    )
)


def own_key(connection: Connection, key: DossierKey) -> DossierKey:
    """The dossier's own number and year, by either of its numbers."""
    return find_by_either(connection, [key])[1].get(key, key)


def link(connection: Connection, later: int, earlier: int, at: datetime) -> None:
    """Two dossiers declare the same."""
    connection.execute(insert(links).values(dossier_id=later, earlier_id=earlier, found_at=at))


def linked(connection: Connection, dossier_id: int) -> list[DossierKey]:
    """The dossiers that declare the same as this one."""
    other = case((links.c.dossier_id == dossier_id, links.c.earlier_id), else_=links.c.dossier_id)
    mine = or_(links.c.dossier_id == dossier_id, links.c.earlier_id == dossier_id)
    query = select(dossiers.c.number, dossiers.c.year).join(links, dossiers.c.id == other).where(mine)
    return [DossierKey(row.number, row.year) for row in connection.execute(query.order_by(dossiers.c.number))]


def key_of(connection: Connection, dossier_id: int) -> DossierKey:
    """The key of a dossier by its id."""
    query = select(dossiers.c.number, dossiers.c.year).where(dossiers.c.id == dossier_id)
    found = connection.execute(query).one()
    return DossierKey(found.number, found.year)


def keep_alias(connection: Connection, dossier_id: int, number: str) -> None:
    """The window's own number for what was decided directly."""
    connection.execute(update(dossiers).where(dossiers.c.id == dossier_id).values(alias_number=number))


def keep_confirmation(connection: Connection, dossier: Dossier, number: str) -> None:
    """The number of the confirmation; customs find the dossier by it."""
    connection.execute(update(dossiers).where(dossiers.c.id == dossier.id).values(confirmation_number=number))
    value = search_value("confirmation", number)
    key = {"kind": "confirmation", "value": value, "dossier_id": dossier.id, "version": dossier.version}
    connection.execute(insert(search_keys).values(key))


def is_confirmed(connection: Connection, dossier_id: int, version: int) -> bool:
    """Whether a version of a dossier has a confirmation that was not taken back."""
    query = (
        select(confirmations.c.id)
        .join(outbox, outbox.c.id == confirmations.c.outbox_id)
        .where(confirmations.c.dossier_id == dossier_id, confirmations.c.version == version)
        .where(outbox.c.taken_back_at.is_(None))
    )
    return connection.execute(query).first() is not None


def confirmations_of(connection: Connection, dossier_id: int) -> list[ConfirmationNumber]:
    """Number and reply of each confirmation that was not taken back, in the order they leave."""
    query = (
        select(confirmations.c.number, confirmations.c.outbox_id)
        .join(outbox, outbox.c.id == confirmations.c.outbox_id)
        .where(confirmations.c.dossier_id == dossier_id, outbox.c.taken_back_at.is_(None))
        .order_by(outbox.c.ordinal)
    )
    return made_all(ConfirmationNumber, connection.execute(query))


def known(row: Row[Any] | StoredDossier) -> Dossier:
    """The dossier of a row."""
    return Dossier(
        key=DossierKey(row.number, row.year),
        procedure=row.procedure,
        state=DossierState(row.state),
        channel=Channel(row.channel),
        version=row.version,
        received_at=row.received_at,
        accepted_at=row.accepted_at,
        confirmed_at=row.completed_at,
        id=row.id,
        identities=tuple(row.identities),
        gate=row.gate,
        unit=row.unit,
        last_sent=row.last_sent,
        transferred=row.transferred,
        versions=row.versions,
        replies=row.replies,
        journal=row.journal,
        journal_head=row.journal_head,
    )


def row(dossier: Dossier, places: DeclaredPlace) -> dict[str, object]:
    """A new dossier's row: its state, and the `place` of the version that made it."""
    return {
        **state(dossier),
        "number": dossier.key.number,
        "year": dossier.key.year,
        "procedure": dossier.procedure,
        "channel": dossier.channel.value,
        "received_at": dossier.received_at,
        "confirm_due_at": None,
        "confirmation_number": None,
        "alias_number": None,
        **places,
    }


def place(declaration: Declaration) -> DeclaredPlace:
    """The columns of the dossier that a declaration fills, by its mapping."""
    late = any(finding.name == "declared_late" for finding in declaration.findings)
    return {**place_of(declaration.verified.envelope.procedure, declaration.values, declaration.rows), "late": late}


def place_of(procedure: Procedure, said: Record, rows: Mapping[str, Sequence[Record]]) -> DossierPlace:
    """The columns that a version's values fill, just read or as they were stored."""
    values = {name: said.get(field) for name, field in procedure.place.items()}
    crossing = values.get("crossing")
    if isinstance(crossing, str):
        crossing = read_time(crossing)
    return {
        "gate": _text(values.get("gate")),
        "unit": _text(values.get("unit")),
        "principal": _text(values.get("principal")),
        "declarant": _text(values.get("declarant")),
        "identities": sorted(version_keys.identities(procedure, said, rows)),
        "crossing_at": crossing if isinstance(crossing, datetime) else None,
    }


def placed(dossier: Dossier, places: DossierPlace) -> Dossier:
    """The dossier as the `place` of the version that is in force now has it."""
    identities = tuple(places["identities"])
    return replace(dossier, identities=identities, gate=places["gate"], unit=places["unit"])


def move(connection: Connection, dossier: Dossier, values: NewRow) -> None:
    """A replacement may name another gate or another time."""
    connection.execute(update(dossiers).where(dossiers.c.id == dossier.id).values(**values))


def state(dossier: Dossier) -> dict[str, object]:
    """The columns of a dossier that acts and messages change."""
    return {
        "id": dossier.id,
        "state": dossier.state.value,
        "version": dossier.version,
        "accepted_at": dossier.accepted_at,
        "completed_at": dossier.confirmed_at,
        "last_sent": dossier.last_sent,
        "transferred": dossier.transferred,
        "versions": dossier.versions,
        "replies": dossier.replies,
        "journal": dossier.journal,
        "journal_head": dossier.journal_head,
    }


def _text(value: Value | None) -> str | None:
    return None if value is None else write(value)[:255]


_CHANGE = (
    update(dossiers)
    .where(dossiers.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in (
                "state",
                "version",
                "accepted_at",
                "completed_at",
                "last_sent",
                "transferred",
                "versions",
                "replies",
                "journal",
                "journal_head",
            )
        }
    )
)


def change(connection: Connection, changed: Sequence[Dossier]) -> None:
    """Write the new state of dossiers that exist."""
    if changed:
        rows = [{f"b_{name}": value for name, value in state(dossier).items()} for dossier in changed]
        connection.execute(_CHANGE, rows)


def version_row(
    declaration: Declaration, *, dossier: Dossier, inbox_id: int, row_id: int, at: datetime, document: bytes | None
) -> dict[str, object]:
    """A version of a dossier: values, digest, who signed. Both versions of a change are kept (Article 11(2)(b))."""
    verified = declaration.verified
    signer = verified.declarant_signer
    return {
        "id": row_id,
        "dossier_id": dossier.id,
        "version": dossier.versions,
        "inbox_id": inbox_id,
        "mapping": verified.envelope.procedure.name,
        "values": declaration.values,
        "digest": verified.content_digest,
        "signer": _signature(signer) if signer else None,
        "document": document,
        "created_at": at,
    }


def _signature(signer: Signer) -> dict[str, str | None]:
    """Who signed, and when: as claimed, and as proved by a time stamp; in Vietnam's zone."""
    when = {"claimed_at": signer.claimed, "proven_at": signer.proven}
    times = {name: at.astimezone(VIETNAM).isoformat() if at else None for name, at in when.items()}
    return {"subject": signer.subject, "serial": signer.serial, "store": signer.store, **times}


def list_rows(rows: Mapping[str, Sequence[Record]], declaration_id: int) -> Iterator[dict[str, object]]:
    """The rows of a version: persons, vehicles, crew."""
    for group, records in rows.items():
        for ordinal, record in enumerate(records, start=1):
            yield {"declaration_id": declaration_id, "group": group, "ordinal": ordinal, "values": record}


def version(connection: Connection, dossier_id: int, number: int) -> StoredVersion:
    """A version of a dossier."""
    query = select(declarations).where(declarations.c.dossier_id == dossier_id, declarations.c.version == number)
    return made(StoredVersion, connection.execute(query).one())
