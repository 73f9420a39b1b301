"""What the clock saw when it looked last: the broker's queues, the parts of each machine, certificates, figures.

A page reads it and tells its age; it never asks the broker or the machine itself. A look that failed keeps what the one
before has seen.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import JSON, Connection, bindparam, delete, select, text

from adapter.gateways.store.tables import Moment, snapshot


class Look(StrEnum):
    """What is looked at."""

    QUEUES = "queues"
    PARTS = "parts"
    CERTIFICATES = "certificates"
    DEADLINES = "deadlines"
    READINGS = "readings"


class SeenContent(BaseModel):
    """The content of a snapshot. Times in it are ISO 8601."""

    model_config = ConfigDict(frozen=True)


class Arrived(SeenContent):
    """How many messages had ever come into a queue at a moment."""

    at: datetime
    published: int


class QueueSeen(SeenContent):
    """A queue. Rates are messages a second; None: the broker did not tell it.

    `oldest_at`: when the message at its head came; `at_latest`: it came then or before, otherwise then or after.
    """

    name: str
    messages: int | None
    ready: int | None
    unacknowledged: int | None
    consumers: int | None
    in_rate: float
    out_rate: float
    redelivered: int
    redelivery_rate: float
    oldest_at: datetime | None
    at_latest: bool
    is_missing: bool
    arrived: tuple[Arrived, ...]


class QueuesSeen(SeenContent):
    """The queues of the topology."""

    queues: tuple[QueueSeen, ...]


class PartSeen(SeenContent):
    """A process of a daemon."""

    name: str
    ready: bool
    resident_bytes: int
    started_at: datetime


class MachineSeen(SeenContent):
    """The daemon of one machine: its parts, what they lack, and what needs attention although all is ready."""

    parts: tuple[PartSeen, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


class CertificateSeen(SeenContent):
    """A certificate in use, without its subject. `stops`: what works no more after its end; empty: it is succeeded."""

    use: str
    name: str
    serial: str
    valid_from: datetime
    valid_to: datetime
    stops: str


class CertificatesSeen(SeenContent):
    """What ends first stands first."""

    certificates: tuple[CertificateSeen, ...]


class KeptFigures(SeenContent):
    """How deadlines of one kind stand."""

    procedure: str | None
    gate: str | None
    kind: str
    met: int
    late: int
    unknown: int
    overdue: int
    open: int


class DeadlinesSeen(SeenContent):
    """Deadlines that began in the last days."""

    figures: tuple[KeptFigures, ...]


class ReadingsSeen(SeenContent):
    """The counts of the store, as `services/watch/readings` has read them."""

    waiting: dict[str, int]
    oldest_s: dict[str, float]
    returned: int
    transfers_stay: int
    held: dict[str, int]
    near: dict[str, int]
    broken: dict[str, int]
    sessions: dict[str, int]
    emergencies: int
    assertions_refused: int = 0
    certificate_days: dict[str, float] = {}
    quarantined: int = 0
    mode: str


S = TypeVar("S", bound=SeenContent)


class Snapshot(BaseModel, Generic[S]):
    """The last look at one thing. `seen` is of `taken_at`; `fault`: why the look at `tried_at` saw nothing."""

    model_config = ConfigDict(frozen=True)

    machine: str
    tried_at: datetime
    taken_at: datetime | None
    seen: S | None
    fault: str | None


_KEEP = text(
    "INSERT INTO snapshot (name, machine, tried_at, taken_at, content, fault) VALUES (:name, :machine, :at, :at, "
    ":content, NULL) ON CONFLICT (name, machine) DO UPDATE SET tried_at = excluded.tried_at, "
    "taken_at = excluded.taken_at, content = excluded.content, fault = NULL"
).bindparams(bindparam("content", type_=JSON), bindparam("at", type_=Moment))
_FAIL = text(
    "INSERT INTO snapshot (name, machine, tried_at, fault) VALUES (:name, :machine, :at, :fault) "
    "ON CONFLICT (name, machine) DO UPDATE SET tried_at = excluded.tried_at, fault = excluded.fault"
).bindparams(bindparam("at", type_=Moment))


def keep(connection: Connection, look: Look, seen: SeenContent, at: datetime, machine: str = "") -> None:
    """A look has seen this."""
    content = seen.model_dump(mode="json")
    connection.execute(_KEEP, {"name": look.value, "machine": machine, "at": at, "content": content})


def fail(connection: Connection, look: Look, fault: str, at: datetime, machine: str = "") -> None:
    """A look has failed: what the one before saw stays."""
    connection.execute(_FAIL, {"name": look.value, "machine": machine, "at": at, "fault": fault})


def forget(connection: Connection, look: Look, before: datetime) -> None:
    """Machines that are not looked at any more."""
    connection.execute(delete(snapshot).where(snapshot.c.name == look.value, snapshot.c.tried_at < before))


def read(connection: Connection, look: Look, kind: type[S]) -> list[Snapshot[S]]:
    """The last look, of each machine; what another version has written and cannot be read counts as not seen."""
    query = select(snapshot).where(snapshot.c.name == look.value).order_by(snapshot.c.machine)
    found = []
    for row in connection.execute(query):
        try:
            seen = None if row.content is None else kind.model_validate(row.content)
        except ValidationError:
            seen = None
        found.append(
            Snapshot[S](
                machine=row.machine,
                tried_at=row.tried_at,
                taken_at=row.taken_at if seen is not None else None,
                seen=seen,
                fault=row.fault,
            )
        )
    return found
