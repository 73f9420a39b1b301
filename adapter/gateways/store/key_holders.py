"""Dossiers whose version in force has one of some search keys: declared twice, or the same person at one gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    FromClause,
    Row,
    Select,
    String,
    bindparam,
    cast,
    func,
    or_,
    select,
    true,
)

from adapter.gateways.store.tables import dossier as dossiers
from adapter.gateways.store.tables import search_key as search_keys
from adapter.model.dossier import DossierState

SAME = "same"
"""The kind of search key that two dossiers which declare the same have in common; nobody looks one up by it."""


_ENDED = (DossierState.WITHDRAWN.value, DossierState.REFUSED.value)


def holding(
    connection: Connection, kinds: Iterable[str], keys: Iterable[str], expected: tuple[datetime, datetime] | None
) -> Sequence[Row[Any]]:
    """Dossiers whose version in force has one of these search keys; not those that ended.

    By a key of the kind SAME all of them, by another those that are expected in that time. A row for each key (`kind`,
    `value`) and dossier.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return []
    since, until = expected or (_NEVER, _NEVER)
    given = {"kinds": sorted(set(kinds)), "wanted": orjson.dumps(wanted).decode(), "since": since, "until": until}
    return connection.execute(_HOLDING[connection.dialect.name], given).all()


def _looked_for(each: FromClause) -> Select[Any]:
    kinds: BindParameter[Any] = bindparam("kinds", expanding=True)
    return select(search_keys).where(search_keys.c.kind.in_(kinds), search_keys.c.value == each.c.value)


def _in_force(key: FromClause) -> Select[Any]:
    columns = [dossiers.c[name] for name in ("id", "number", "year", "channel", "procedure", "gate", "crossing_at")]
    expected = dossiers.c.crossing_at.between(bindparam("since"), bindparam("until"))
    mine = [dossiers.c.id == key.c.dossier_id, dossiers.c.version == key.c.version, dossiers.c.state.not_in(_ENDED)]
    return select(*columns).where(*mine, or_(key.c.kind == SAME, expected))


def _by_all() -> Select[Any]:
    """SQLite joins from the keys by itself. One parameter holds all keys."""
    each = func.json_each(bindparam("wanted", type_=String)).table_valued("value", name="wanted")
    held = _looked_for(each).subquery("held")
    return _in_force(held).add_columns(held.c.kind, held.c.value)


def _by_each() -> Select[Any]:
    """The same of PostgreSQL: an index's look for each key, then for each dossier, whatever the planner thinks.

    Left to itself, a server that had not counted its rows yet went from all who are expected at a gate in that hour to
    their keys: 0.8 s for a batch, and more with each dossier. An offset keeps a step apart.
    """
    given = cast(bindparam("wanted", type_=String), JSON)
    each = func.json_array_elements_text(given).table_valued("value", name="wanted").render_derived()
    held = _looked_for(each).offset(0).lateral("held")
    its = _in_force(held).offset(0).lateral("its")
    return select(held.c.kind, held.c.value, its).select_from(each.join(held, true()).join(its, true()))


_HOLDING = {"postgresql": _by_each(), "sqlite": _by_all()}


_NEVER = datetime.min.replace(tzinfo=UTC)
