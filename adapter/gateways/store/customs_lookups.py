"""Lookups for customs only: names, periods, and values of the version in force. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, func, or_, select

from adapter.gateways.store.dossier_records import FoundDossier
from adapter.gateways.store.lists import Written
from adapter.gateways.store.lookups import Narrowed, Places, Within, counting, within
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
    among = Within(places, narrowed)
    asked = {"ids": ids, "most": limit, **among.parameters}
    found = made_all(FoundDossier, connection.execute(_of_ids(among.asked).on(connection), asked))
    return Namesakes([replace(each, matched=matched[each.id]) for each in found], more)


@cache
def _of_ids(asked: Sequence[str]) -> Written:
    return Written(
        lambda among: (
            select(dossier, dossier.c.version.label("matched"))
            .where(among(dossier.c.id, "ids"), *within(asked, among))
            .order_by(dossier.c.id.desc())
            .limit(bindparam("most", type_=Integer))
        )
    )


def in_period(
    connection: Connection,
    *,
    places: Places,
    narrowed: Narrowed,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> list[FoundDossier]:
    """Dossiers received in the period that `narrowed` states, the newest first, behind the time and id of `before`."""
    among = Within(places, narrowed)
    asked = {"most": limit, **among.parameters}
    if before is not None:
        asked |= {"at": before[0], "before": before[1]}
    query = _in_period(among.asked, behind=before is not None)
    return made_all(FoundDossier, connection.execute(query.on(connection), asked))


@cache
def _in_period(asked: Sequence[str], *, behind: bool) -> Written:
    at, received_at = bindparam("at", type_=dossier.c.received_at.type), dossier.c.received_at
    same = and_(received_at == at, dossier.c.id < bindparam("before"))
    # The first condition is for the index, which has no ids.
    after = [received_at <= at, or_(received_at < at, same)] if behind else []
    return Written(
        lambda among: (
            select(dossier, dossier.c.version.label("matched"))
            .where(*within(asked, among), *after)
            .order_by(received_at.desc(), dossier.c.id.desc())
            .limit(bindparam("most", type_=Integer))
        )
    )


def in_force_of(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, VersionWithSigner]:
    """The version in force of each dossier: its mapping, values, signer and id."""
    rows = connection.execute(_IN_FORCE_OF.on(connection), {"dossiers": list(dossier_ids)})
    return {each.dossier_id: each for each in made_all(VersionWithSigner, rows)}


_IN_FORCE_OF = Written(
    lambda among: (
        select(*(declaration.c[each.name] for each in fields(VersionWithSigner)))
        .join(dossier, dossier.c.id == declaration.c.dossier_id)
        .where(among(dossier.c.id, "dossiers"), declaration.c.version == dossier.c.version)
    )
)


def row_counts_of(connection: Connection, declaration_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many rows each group of these versions has."""
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(_ROW_COUNTS_OF.on(connection), {"versions": list(declaration_ids)}):
        found.setdefault(row.declaration_id, {})[row.group] = row.rows
    return found


_GROUP = (declaration_row.c.declaration_id, declaration_row.c.group)
_ROW_COUNTS_OF = Written(
    lambda among: (
        select(*_GROUP, func.count().label("rows"))
        .where(among(declaration_row.c.declaration_id, "versions"))
        .group_by(*_GROUP)
    )
)
