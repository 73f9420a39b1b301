"""Notices of a suspension and of its end, to the person and to the body for which he works, and how far they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import authorisations, notifications
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.notification_records import NoticeArrival
from adapter.gateways.store.suspensions import Suspension
from adapter.model.notification import (
    RESTORED,
    RESTORED_PRINCIPAL,
    SUSPENDED,
    SUSPENDED_PRINCIPAL,
    NotificationKinds,
)
from adapter.model.procedure import Label
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import hour_and_day
from adapter.services.notifications.telling import notification_rows
from adapter.services.registers.telephones import CallNumbers

_OF_PRINCIPALS = {SUSPENDED: SUSPENDED_PRINCIPAL, RESTORED: RESTORED_PRINCIPAL}
OCCASIONS = tuple(_OF_PRINCIPALS)


@dataclass(frozen=True, slots=True)
class SentNotice:
    """One notice to one of those who were to be told. `occasion`: suspended or restored."""

    suspension: Suspension
    occasion: str
    number: str
    arrival: NoticeArrival | None
    """None: no notice was made, because the installation has no words for it."""
    reach: CallNumbers | None = None
    """Of one that is missing: by which telephone. None: the reader may see no persons."""

    @property
    def is_missing(self) -> bool:
        """Whether it has reached nobody."""
        return self.arrival is None or not self.arrival.has_arrived


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """What was decided: why, by whom (in words), when."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class SuspensionNotices:
    """Makes the notices in the transaction of what they tell of.

    `hours`, `to_principals`: of the draft (dự thảo), off unless configured: within how many hours they are to be had,
    and whether the body is told too.
    """

    database: Database
    kinds: Callable[[], NotificationKinds]
    units: Callable[[], BorderUnits]
    hours: float | None = None
    to_principals: bool = False

    def due_at(self, at: datetime) -> datetime | None:
        """When a notice of then is to have arrived; None: no time is stated."""
        return None if self.hours is None else at + timedelta(hours=self.hours)

    def readers(self, connection: Connection, number: str, principal: str | None, at: datetime) -> tuple[str, ...]:
        """Who is told: the person; and the body that is stated, else each that has authorised him now."""
        if not self.to_principals:
            return (number,)
        granted = {grant.principal for grant in authorisations.grants(connection, [number], at)}
        return (number, *sorted({principal} if principal else granted))

    def tell(self, connection: Connection, occasion: str, about: Suspension, told: DecisionTold) -> None:
        """Tell everybody of `about.readers`, of the beginning or the end."""
        at = told.at
        known = self.units().by_code(about.unit) if about.unit else None
        unit = known.name if known else about.unit
        where = Label(f"tại {unit}", f"at {unit}") if unit else Label("tại mọi đơn vị", "everywhere")
        words: dict[str, str | Label] = {
            "at": hour_and_day(at),
            "reason": told.reason,
            "where": where,
            "by": told.by,
            "holder": about.number,
        }
        for number in about.readers:
            of = occasion if number == about.number else _OF_PRINCIPALS[occasion]
            kind, cause = self.kinds().of_occasion(of), cause_of(about.id, occasion)
            rows = notification_rows(kind, [number], cause=cause, words=words, at=at, due_at=self.due_at(at))
            notifications.add(connection, self.database, rows)

    def of(self, connection: Connection, suspensions: Sequence[Suspension]) -> list[SentNotice]:
        """The notices of these suspensions, each with how far it came; in one query."""
        wanted = [
            (each, occasion, number)
            for each in suspensions
            for occasion in (OCCASIONS if each.lifted_at else OCCASIONS[:1])
            for number in each.readers
        ]
        pairs = [(number, cause_of(each.id, occasion)) for each, occasion, number in wanted]
        found = notifications.arrivals(connection, pairs)
        return [
            SentNotice(each, occasion, number, found.get((number, cause_of(each.id, occasion))))
            for each, occasion, number in wanted
        ]


def cause_of(suspension: int, occasion: str) -> str:
    """What a notice tells of: each is told once to each."""
    return f"suspension:{suspension}:{occasion}"
