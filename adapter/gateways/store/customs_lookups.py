"""Lookups for customs only: names, periods, and values of the version in force. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from adapter.gateways.store.dossier_records import FoundDossier
from adapter.gateways.store.lists import among
from adapter.gateways.store.lookups import Narrowed, Places, counting, located
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import declaration, declaration_row, dossier, search_key
from adapter.model.stages import StoredRecord
from adapter.pipeline.search_keys import NAME

NAMESAKES = 2_000
"""Rows of one name that are read at most, so that a frequent name costs no more."""
_BEHIND_ALL_NAMES = "Z" * 20


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Dossiers by a name. `more`: there are further rows that were not read."""

    dossiers: Sequence[FoundDossier]
    more: bool


@dataclass(frozen=True, slots=True)
class VersionWithSigner:
    """The version in force of a dossier, as shown to customs."""

    id: int
    dossier_id: int
    mapping: str
    values: StoredRecord
    signer: dict[str, str | None] | None


def by_name(
    connection: Connection,
    *,
    whole: Sequence[str],
    begins: Sequence[tuple[str, Sequence[str]]],
    places: Places,
    narrowed: Narrowed,
    limit: int,
    before: int | None = None,
) -> Namesakes:
    """Dossiers that contain a person of such a name.

    `whole` are stored values; `begins` is what a stored value begins with, and words that stand in it besides
    (`pipeline/search_keys`). Those taken down last come first.
    """
    named: list[ColumnElement[bool]] = [search_key.c.value.in_(whole)]
    for start, others in begins:
        # Bounds for any collation, since names are of A to Z; what lies between them and is none is left out after.
        between = search_key.c.value.between(f"{start} ", f"{start} {_BEHIND_ALL_NAMES}")
        words = [(search_key.c.value + " ").contains(f" {word} ", autoescape=True) for word in others]
        named.append(and_(between, search_key.c.value.startswith(f"{start} ", autoescape=True), *words))
    matched: dict[int, int] = {}
    more = False
    for each in named:
        query = (
            select(search_key.c.dossier_id, search_key.c.version)
            .join(dossier, dossier.c.id == search_key.c.dossier_id)
            .where(search_key.c.kind == NAME, each, *counting(NAME))
            .limit(NAMESAKES + 1)
        )
        rows = connection.execute(query).all()
        more = more or len(rows) > NAMESAKES
        for row in rows[:NAMESAKES]:
            matched[row.dossier_id] = max(row.version, matched.get(row.dossier_id, 0))
    ids = [each for each in matched if before is None or each < before]
    wanted = (among(connection, dossier.c.id, ids), *located(places), *narrowed.conditions())
    query = select(dossier, dossier.c.version.label("matched")).where(*wanted).order_by(dossier.c.id.desc())
    found = made_all(FoundDossier, connection.execute(query.limit(limit)))
    return Namesakes([replace(each, matched=matched[each.id]) for each in found], more)


def in_period(
    connection: Connection,
    *,
    places: Places,
    narrowed: Narrowed,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> list[FoundDossier]:
    """Dossiers received in the period that `narrowed` states, the newest first, behind the time and id of `before`."""
    query = select(dossier, dossier.c.version.label("matched")).where(*located(places), *narrowed.conditions())
    if before is not None:
        at, row_id = before
        same = and_(dossier.c.received_at == at, dossier.c.id < row_id)
        # The first condition is for the index, which has no ids.
        query = query.where(dossier.c.received_at <= at, or_(dossier.c.received_at < at, same))
    ordered = query.order_by(dossier.c.received_at.desc(), dossier.c.id.desc()).limit(limit)
    return made_all(FoundDossier, connection.execute(ordered))


def in_force_of(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, VersionWithSigner]:
    """The version in force of each dossier: its mapping, values, signer and id."""
    columns: list[Any] = [declaration.c[name] for name in ("id", "dossier_id", "mapping", "values", "signer")]
    query = (
        select(*columns)
        .join(dossier, dossier.c.id == declaration.c.dossier_id)
        .where(among(connection, dossier.c.id, dossier_ids), declaration.c.version == dossier.c.version)
    )
    return {each.dossier_id: each for each in made_all(VersionWithSigner, connection.execute(query))}


def rows_of(connection: Connection, declaration_ids: Sequence[int]) -> dict[int, dict[str, list[StoredRecord]]]:
    """The rows of these versions by group, in their order."""
    mine = among(connection, declaration_row.c.declaration_id, declaration_ids)
    order = (declaration_row.c.declaration_id, declaration_row.c.group, declaration_row.c.ordinal)
    found: dict[int, dict[str, list[StoredRecord]]] = {}
    for row in connection.execute(select(declaration_row).where(mine).order_by(*order)):
        found.setdefault(row.declaration_id, {}).setdefault(row.group, []).append(row.values)
    return found
