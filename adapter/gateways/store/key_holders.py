"""Dossiers whose version in force has one of some search keys: declared twice, or the same person at one gate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    FromClause,
    Select,
    String,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    true,
)

from adapter.gateways.store.dossier_records import KeyHolder
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import dossier as dossiers
from adapter.gateways.store.tables import search_key as search_keys
from adapter.model.dossier import ENDED

SAME = "same"
"""The kind of search key that two dossiers which declare the same have in common; nobody looks one up by it."""


_ENDED = tuple(state.value for state in ENDED)


SearchKey = tuple[str, str]
"""Kind and value."""


def holding(
    connection: Connection, keys: Iterable[SearchKey], expected: tuple[datetime, datetime] | None
) -> list[KeyHolder]:
    """Dossiers whose version in force has one of these search keys; not those that ended.

    By a key of the kind SAME all of them, by another those that are expected in that time. A row for each key (`kind`,
    `value`) and dossier.
    """
    asked = set(keys)
    wanted = sorted(asked)
    if not wanted:
        return []
    since, until = expected or (_NEVER, _NEVER)
    kinds, values = [kind for kind, _ in wanted], [value for _, value in wanted]
    given: dict[str, Any] = {"since": since, "until": until}
    if connection.dialect.name != "sqlite":
        given["wanted"] = orjson.dumps([{"kind": kind, "value": value} for kind, value in wanted]).decode()
        return made_all(KeyHolder, connection.execute(_BY_EACH, given))
    given |= {"kinds": sorted(set(kinds)), "values": orjson.dumps(values).decode()}
    found = made_all(KeyHolder, connection.execute(_BY_ALL, given))
    return [row for row in found if (row.kind, row.value) in asked]


def _in_force(key: FromClause) -> Select[Any]:
    columns = [dossiers.c[name] for name in ("id", "number", "year", "channel", "procedure", "gate", "crossing_at")]
    expected = dossiers.c.crossing_at.between(bindparam("since"), bindparam("until"))
    mine = [dossiers.c.id == key.c.dossier_id, dossiers.c.version == key.c.version, dossiers.c.state.not_in(_ENDED)]
    return select(*columns).where(*mine, or_(key.c.kind == SAME, expected))


def _by_all() -> Select[Any]:
    """The same for SQLite. One parameter holds all values, and each is looked for in every kind.

    Asked with `IN`, and not by a join: a file whose rows were never counted was read from its kinds on, all keys of a
    kind for each batch.
    """
    each = func.json_each(bindparam("values", type_=String)).table_valued("value", name="wanted")
    kinds: BindParameter[Any] = bindparam("kinds", expanding=True)
    looked_for = search_keys.c.kind.in_(kinds), search_keys.c.value.in_(select(each.c.value))
    held = select(search_keys).where(*looked_for).subquery("held")
    return _in_force(held).add_columns(held.c.kind, held.c.value)


def _by_each() -> Select[Any]:
    """The same for PostgreSQL: one index lookup for each key, then one for each dossier, whatever the planner
    estimates.

    Left to itself, a server that had not counted its rows yet went from all who are expected at a gate in that hour to
    their keys: 0.8 s for a batch, and more with each dossier. `OFFSET 0` keeps the steps apart.
    """
    given = cast(bindparam("wanted", type_=String), JSON)  # an array of so many texts takes the driver longer
    columns = column("kind", String), column("value", String)
    each = func.json_to_recordset(given).table_valued(*columns, name="wanted").render_derived(with_types=True)
    looked_for = search_keys.c.kind == each.c.kind, search_keys.c.value == each.c.value
    held = select(search_keys).where(*looked_for).offset(0).lateral("held")
    its = _in_force(held).offset(0).lateral("its")
    return select(held.c.kind, held.c.value, its).select_from(each.join(held, true()).join(its, true()))


_BY_ALL, _BY_EACH = _by_all(), _by_each()
_NEVER = datetime.min.replace(tzinfo=UTC)
