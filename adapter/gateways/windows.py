"""The window's state in the store: one row that the clock refreshes, the incidents, and nothing that decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from adapter.gateways.database import Database
from adapter.gateways.tables import incident, window

_ONLY = 1


def read(connection: Connection) -> Row[Any]:
    """The row; it is made by the first migration."""
    return connection.execute(select(window).where(window.c.id == _ONLY)).one()


def write(connection: Connection, **values: Any) -> None:
    """Change columns of the row."""
    connection.execute(update(window).where(window.c.id == _ONLY).values(**values))


def not_refreshed_after(connection: Connection, now: datetime) -> None:
    """A time of the future becomes now, unless somebody has refreshed it meanwhile."""
    ahead = and_(window.c.id == _ONLY, window.c.refreshed_at > now)
    connection.execute(update(window).where(ahead).values(refreshed_at=now))


def heartbeat(connection: Connection, at: datetime) -> None:
    """The window has sent its 90/01."""
    write(connection, heartbeat_at=at)


def open_incident(connection: Connection) -> Row[Any] | None:
    """The incident that has not ended, if one is open."""
    query = select(incident).where(incident.c.ended_at.is_(None)).order_by(incident.c.started_at.desc()).limit(1)
    return connection.execute(query).first()


def begin_incident(
    connection: Connection,
    database: Database,
    *,
    at: datetime,
    cause: str,
    reason: str,
    actor: str,
    notice: str | None = None,
) -> None:
    """Record that the window is down (NĐ 85/2019 Article 17). One incident is open at a time."""
    opened = open_incident(connection)
    if opened is not None:
        if notice is not None and opened.notice_number is None:
            connection.execute(
                update(incident).where(incident.c.id == opened.id).values(notice_number=notice, reason=reason)
            )
        return
    connection.execute(
        insert(incident).values(
            id=database.new_id(connection),
            started_at=at,
            cause=cause,
            reason=reason,
            notice_number=notice,
            actor=actor,
        )
    )


def end_incident(connection: Connection, at: datetime) -> None:
    """The window is back."""
    connection.execute(update(incident).where(incident.c.ended_at.is_(None)).values(ended_at=at))


def incident_name(row: Row[Any] | None) -> str | None:
    """How a transfer names its incident: the manager's notice number, else our own record."""
    if row is None:
        return None
    return row.notice_number or f"{row.cause} {row.started_at:%Y-%m-%dT%H:%M:%SZ}"
