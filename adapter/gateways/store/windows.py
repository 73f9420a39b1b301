"""The window's state in the store: one row that the clock process refreshes, incidents, maintenance. It decides
nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_rows import WindowChange
from adapter.gateways.store.records import made, made_all, made_first
from adapter.gateways.store.tables import incident, maintenance, window
from adapter.gateways.store.window_records import StoredIncident, StoredMaintenance, StoredWindow
from adapter.pipeline.envelope import write_time

_ONLY = 1
_ROW = select(window).where(window.c.id == _ONLY)
_HEAR = update(window).where(window.c.id == _ONLY, window.c.heard_at.is_(None)).values(heard_at=bindparam("at"))
_OPEN = incident.c.ended_at.is_(None)
_OPEN_INCIDENT = select(incident).where(_OPEN).order_by(incident.c.started_at.desc()).limit(1)


_OPENED = incident.alias("opened")
_BOTH = (
    select(window, *(each.label(f"opened_{each.name}") for each in _OPENED.c))
    .select_from(window)
    .join(
        _OPENED,
        # The newest, as `open_incident` gives it.
        _OPENED.c.id == _OPEN_INCIDENT.with_only_columns(incident.c.id).scalar_subquery(),
        isouter=True,
    )
    .where(window.c.id == _ONLY)
)


def with_incident(connection: Connection) -> tuple[StoredWindow, StoredIncident | None]:
    """The row, and the incident that has not ended: every declaration follows both."""
    row = connection.execute(_BOTH).one()
    places = [row._fields.index(f"opened_{each.name}") for each in fields(StoredIncident)]
    opened = None if row.opened_id is None else StoredIncident(*(row[place] for place in places))
    return made(StoredWindow, row), opened


def read(connection: Connection) -> StoredWindow:
    """The row; it is made by the first migration."""
    return made(StoredWindow, connection.execute(_ROW).one())


def write(connection: Connection, **values: Unpack[WindowChange]) -> None:
    """Change columns of the row."""
    connection.execute(update(window).where(window.c.id == _ONLY).values(**values))


def not_refreshed_after(connection: Connection, now: datetime) -> None:
    """Set a time in the future to now, unless the row was refreshed meanwhile."""
    ahead = and_(window.c.id == _ONLY, window.c.refreshed_at > now)
    connection.execute(update(window).where(ahead).values(refreshed_at=now))


def heartbeat(connection: Connection, at: datetime) -> None:
    """The window has sent its 90/01."""
    write(connection, heartbeat_at=at)


_HEARD_FOR_S = 60.0


@dataclass(slots=True)
class Hearing:
    """Notes that something came from the window, or left to it. One for each part that hears it.

    The first time is kept, so nearly always there is nothing to write: once it was there already, the store is not
    asked for a minute. (A backup that was put back meanwhile may be without it.)
    """

    monotonic: Callable[[], float] = time.monotonic
    _asked_at: float = -math.inf

    def note(self, connection: Connection, at: datetime) -> None:
        if self.monotonic() - self._asked_at < _HEARD_FOR_S:
            return
        # One that this transaction writes may still be rolled back, so it is asked for again.
        if connection.execute(_HEAR, {"at": at}).rowcount == 0:
            self._asked_at = self.monotonic()


def open_incident(connection: Connection) -> StoredIncident | None:
    """The incident that has not ended, if one is open."""
    return made_first(StoredIncident, connection.execute(_OPEN_INCIDENT))


def incidents(connection: Connection, limit: int) -> list[StoredIncident]:
    """The newest first."""
    query = select(incident).order_by(incident.c.started_at.desc()).limit(limit)
    return made_all(StoredIncident, connection.execute(query))


def announced(row: StoredIncident) -> bool:
    """Whether its manager's notice (91/01) is in force, without its end (91/02)."""
    return row.notice_number is not None and row.notice_ended_at is None


@dataclass(frozen=True, slots=True)
class IncidentCause:
    """Why an incident begins and who noticed it; `notice_number` and the two times: what the manager announced."""

    cause: str
    reason: str
    actor: str
    notice_number: str | None = None
    expected_end: datetime | None = None
    notice_ended_at: datetime | None = None


def begin_incident(connection: Connection, database: Database, why: IncidentCause, *, at: datetime) -> None:
    """Record that the window is down (NĐ 85/2019 Article 17)."""
    connection.execute(insert(incident).values(id=database.new_id(connection), started_at=at, **asdict(why)))


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement of the window's manager (91/01). `expected_end`: the stated end, if any."""

    number: str
    started_at: datetime
    expected_end: datetime | None
    reason: str


def announce(connection: Connection, database: Database, notice: Notice, *, actor: str) -> None:
    """The notice begins an incident, or belongs to the open one; a later notice replaces the expected end."""
    # Two processes could begin an incident in the same moment: the one that locks the row goes first.
    connection.execute(select(window.c.id).where(window.c.id == _ONLY).with_for_update())
    if open_incident(connection) is None:
        why = IncidentCause("notice", notice.reason, actor)
        begin_incident(connection, database, why, at=notice.started_at)
    told = {"reason": notice.reason, "expected_end": notice.expected_end, "notice_ended_at": None}
    number = func.coalesce(incident.c.notice_number, notice.number)  # a transfer names it by the first one
    connection.execute(update(incident).where(_OPEN).values(notice_number=number, **told))


def plan(connection: Connection, database: Database, notice: Notice, *, actor: str, at: datetime) -> None:
    """The window's manager is to be away, from a moment to come; a later notice of that number states it again."""
    stands = (maintenance.c.number == notice.number, maintenance.c.ended_at.is_(None))
    connection.execute(update(maintenance).where(*stands).values(ended_at=at))
    times = {"starts_at": notice.started_at, "ends_at": notice.expected_end, "announced_at": at}
    said = {"number": notice.number, "reason": notice.reason, "actor": actor}
    connection.execute(insert(maintenance).values(id=database.new_id(connection), **times, **said))


def planned(connection: Connection, now: datetime) -> list[StoredMaintenance]:
    """Maintenance that goes on or is to come, the earliest first."""
    columns = maintenance.c
    ahead = and_(columns.ended_at.is_(None), or_(columns.ends_at.is_(None), columns.ends_at > now))
    query = select(maintenance).where(ahead).order_by(columns.starts_at, columns.id)
    return made_all(StoredMaintenance, connection.execute(query))


def end_maintenance(connection: Connection, at: datetime, *, number: str | None = None) -> int:
    """What goes on is over, and what is to come under that number is called off; gives how much that was."""
    columns = maintenance.c
    meant = columns.starts_at <= at
    if number is not None:
        meant = or_(meant, columns.number == number)
    stands = and_(columns.ended_at.is_(None), meant)
    return connection.execute(update(maintenance).where(stands).values(ended_at=at)).rowcount


def end_notice(connection: Connection, at: datetime) -> None:
    """The manager says that it was over `at`; the clock ends the incident, if nothing else holds it."""
    stands = and_(_OPEN, incident.c.notice_number.is_not(None), incident.c.notice_ended_at.is_(None))
    connection.execute(update(incident).where(stands).values(notice_ended_at=at))


def expect(connection: Connection, end: datetime) -> None:
    """The open incident should be over then."""
    connection.execute(update(incident).where(_OPEN).values(expected_end=end))


def end_incident(connection: Connection, at: datetime) -> None:
    """The window is back."""
    connection.execute(update(incident).where(_OPEN).values(ended_at=at))


def incident_name(row: StoredIncident | None) -> str | None:
    """How a transfer names its incident: the manager's notice number, else our own record by its beginning."""
    if row is None:
        return None
    return row.notice_number or f"{row.cause} {write_time(row.started_at)}"
