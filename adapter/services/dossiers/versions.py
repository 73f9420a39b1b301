"""The versions of a dossier side by side: both are kept as evidence, before and after (Article 11(2)(b)).

Personal values are masked unless they are asked for; the journal keeps who asked for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import amendments, listings
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import StoredDossier, VersionWithMessage
from adapter.gateways.store.records import StoredAmendment
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import FieldSpec, Label, Procedure
from adapter.model.stages import StoredRecord
from adapter.model.units import BorderUnits
from adapter.services.access.rights import Right, needs, needs_in_unit
from adapter.services.dossiers.naming import MASK
from adapter.services.dossiers.personal_shown import note_personal_shown

IN_FORCE, EARLIER = "in force", "earlier"
_Place = tuple[str, int]
"""A list and the number of its row; of what stands outside the lists "" and 0."""
_Stated = Mapping[_Place, StoredRecord]


@dataclass(frozen=True, slots=True)
class VersionColumn:
    """A version: its state (in force, earlier, waiting, declined) and what brought it."""

    version: int
    standing: str
    received_at: datetime
    message_id: str | None
    amendment: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    """Why it was amended; of a declined one, why not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One value through all versions; `place` is its name, in a list with the row: `persons[2].fullName`."""

    place: str
    label: Label
    changed: bool
    values: tuple[str | int | bool | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every version, and its values line by line."""

    dossier: str
    columns: tuple[VersionColumn, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Versions:
    """The reading use case. `clock` gives the legal time."""

    database: Database
    catalogue: Callable[[], Catalogue]
    units: BorderUnits
    clock: Callable[[], datetime]

    def of(self, key: DossierKey, *, personal: bool, actor: Actor) -> Comparison:
        """All versions of a dossier side by side; the journal keeps who asked for personal values.

        Raises:
            NotAllowed: there is no such dossier.
            NoRight: the actor may not see it, or not its personal values.
        """
        right = Right.SEE_PERSONAL_VALUES if personal else Right.SEE_DOSSIERS
        needs(actor, right)
        with self.database.transaction() if personal else self.database.reading() as connection:
            row = listings.dossier_row(connection, key)
            if row is None:
                raise NotAllowed(f"there is no dossier {key}")
            needs_in_unit(actor, right, self.units.of(row.gate, row.unit), f"dossier {key}")
            if personal:
                note_personal_shown(connection, self.database, DossierKey(row.number, row.year), actor, self.clock())
            return compared(connection, row, self.catalogue(), personal=personal)


def compared(connection: Connection, dossier: StoredDossier, catalogue: Catalogue, *, personal: bool) -> Comparison:
    """The versions of a dossier's row."""
    return comparisons(connection, [dossier], catalogue, personal=personal)[dossier.id]


def comparisons(
    connection: Connection,
    dossiers: Sequence[StoredDossier],
    catalogue: Catalogue,
    *,
    personal: bool,
    changed_only: bool = False,
) -> dict[int, Comparison]:
    """The same of many dossiers, by their ids: three statements for all of them.

    `changed_only`: without the lines that are the same in every version. Of a group of forty nearly all are.
    """
    ids = [dossier.id for dossier in dossiers]
    stored, brought = listings.versions_of(connection, ids), amendments.of_dossiers(connection, ids)
    rows = listings.rows_of(connection, [each.id for versions in stored.values() for each in versions])
    found = {}
    for dossier in dossiers:
        versions = stored.get(dossier.id, [])
        procedure = catalogue.version(versions[-1].mapping) if versions else None
        stated = [_stated(each, rows.get(each.id, {})) for each in versions]
        places = _places(stated, changed_only=changed_only)
        found[dossier.id] = Comparison(
            dossier=f"{dossier.number}/{dossier.year}",
            columns=version_columns(dossier, versions, brought.get(dossier.id, []), catalogue),
            lines=tuple(_lines(stated, places, _specs(procedure) if procedure else {}, personal=personal)),
        )
    return found


def version_columns(
    dossier: StoredDossier,
    versions: Sequence[VersionWithMessage],
    brought: Sequence[StoredAmendment],
    catalogue: Catalogue,
) -> tuple[VersionColumn, ...]:
    """What each version is and what brought it."""
    by_version = {amendment.version: amendment for amendment in brought}
    return tuple(_column(each, by_version.get(each.version), dossier.version, catalogue) for each in versions)


def _column(
    row: VersionWithMessage, amendment: StoredAmendment | None, in_force: int, catalogue: Catalogue
) -> VersionColumn:
    standing = IN_FORCE if row.version == in_force else EARLIER
    reason = None
    if amendment is not None:
        if amendment.state != amendments.APPROVED:
            standing = amendment.state
        form = catalogue.version(amendment.mapping)
        stated = amendment.values.get(form.amends.reason) if form and form.amends else None
        reason = amendment.reason or (None if stated is None else str(stated))
    return VersionColumn(
        version=row.version,
        standing=standing,
        received_at=row.received_at,
        message_id=row.message_id,
        amendment=amendment.number if amendment else None,
        decided_by=amendment.decided_by if amendment else None,
        decided_at=amendment.decided_at if amendment else None,
        reason=reason,
    )


def _stated(row: VersionWithMessage, groups: Mapping[str, Sequence[StoredRecord]]) -> _Stated:
    """What a version says, by its places."""
    lists = {(group, at): record for group, rows in groups.items() for at, record in enumerate(rows, start=1)}
    return {("", 0): row.values, **lists}


def _places(stated: Sequence[_Stated], *, changed_only: bool) -> set[tuple[str, int, str]]:
    """The place of each value that any of these versions states."""
    found = set()
    for place in {place for version in stated for place in version}:
        records = [version.get(place, {}) for version in stated]
        if changed_only and all(record == records[0] for record in records):
            continue
        names = {name for record in records for name in record}
        if changed_only:
            names = {name for name in names if any(each.get(name) != records[0].get(name) for each in records)}
        found |= {(*place, name) for name in names}
    return found


def _specs(procedure: Procedure) -> dict[tuple[str, str], FieldSpec]:
    """Fields by group and name, in the mapping's order."""
    outside = {("", spec.name): spec for spec in procedure.fields}
    return outside | {(group.name, spec.name): spec for group in procedure.groups for spec in group.fields}


def _lines(
    stated: Sequence[_Stated],
    places: Iterable[tuple[str, int, str]],
    specs: Mapping[tuple[str, str], FieldSpec],
    *,
    personal: bool,
) -> Iterator[Line]:
    order = {name: number for number, name in enumerate(specs)}
    for group, ordinal, name in sorted(places, key=lambda at: _rank(at, order)):
        spec = specs.get((group, name))
        values = tuple(version.get((group, ordinal), {}).get(name) for version in stated)
        hidden = not personal and (spec is None or spec.personal)
        yield Line(
            place=f"{group}[{ordinal}].{name}" if group else name,
            label=spec.label if spec else Label(name, name),
            changed=any(value != values[0] for value in values),
            values=tuple(MASK if hidden and value is not None else value for value in values),
        )


def _rank(place: tuple[str, int, str], order: Mapping[tuple[str, str], int]) -> tuple[str, int, int, str]:
    group, ordinal, name = place
    return group, ordinal, order.get((group, name), len(order)), name
