"""Stored messages read again in the order they came, a few at a time, and the versions that dossiers stand under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from adapter.gateways.store.records import StoredMessage, made_all
from adapter.gateways.store.tables import declaration, dossier, inbox
from adapter.model.dossier import OVER
from adapter.model.stages import Channel

_CLOSED = tuple(state.value for state in OVER)


@dataclass(frozen=True, slots=True)
class Span:
    """Messages received from `since` on, before `until`, of one procedure; None: no bound."""

    since: datetime
    until: datetime | None = None
    procedure: str | None = None


def messages(
    connection: Connection, span: Span, *, after: tuple[datetime, int] | None, limit: int
) -> list[StoredMessage]:
    """The next messages behind `after` (time of reception and id of the last one), with their bytes."""
    query = select(inbox).where(inbox.c.received_at >= span.since, inbox.c.channel != Channel.MANUAL.value)
    if span.until is not None:
        query = query.where(inbox.c.received_at < span.until)
    if span.procedure is not None:
        query = query.where(inbox.c.procedure == span.procedure)
    if after is not None:
        at, row_id = after
        query = query.where(
            inbox.c.received_at >= at,
            or_(inbox.c.received_at > at, inbox.c.id > row_id),
        )
    ordered = query.order_by(inbox.c.received_at, inbox.c.id).limit(limit)
    return made_all(StoredMessage, connection.execute(ordered))


def open_versions(connection: Connection) -> dict[str, int]:
    """How many dossiers that may still be acted upon stand under each version (`<procedure>/<version>`)."""
    in_force = and_(declaration.c.dossier_id == dossier.c.id, declaration.c.version == dossier.c.version)
    query = (
        select(declaration.c.mapping, func.count().label("dossiers"))
        .select_from(dossier.join(declaration, in_force))
        .where(dossier.c.state.not_in(_CLOSED))
        .group_by(declaration.c.mapping)
    )
    return {row.mapping: row.dossiers for row in connection.execute(query)}
