"""The page of a person suspended everywhere, after log-in (Article 8): the reason, and what is under way, read only.

There is no session: nothing can be opened, sent or printed from this page, and looking at it is no receipt in law. So a
request or a confirmation is shown with its content only where he has opened it before; else it is said that it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.procedure import ReplyKind
from adapter.model.units import BorderUnits
from adapter.pipeline.readable import ReadableLine
from adapter.services.access.sessions import Suspended
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OwnPage, OwnRow, RunningLimit

_CONFIRMATIONS = (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION)
_SHOWN = 20
"""Dossiers whose answers stand on the page: the newest."""


@dataclass(frozen=True, slots=True)
class StandingAnswer:
    """A request to amend that runs, or a confirmation. `lines` are empty where he has not opened it."""

    number: str
    year: int
    is_request: bool
    created_at: datetime
    opened_at: datetime | None
    limit: RunningLimit | None
    """Of a request: his hour, where it runs."""
    confirmation: str | None
    lines: tuple[ReadableLine, ...]


@dataclass(frozen=True, slots=True)
class SuspensionNotice:
    """The notice: why, since when, by whom (in words), whom to ask; his newest dossiers and what waits in them."""

    reason: str
    since: datetime
    decided_by: str
    document: str
    telephone: str
    own: OwnPage
    hour_stands: bool
    """Whether the hour of a request to amend stands still meanwhile, as configured; else it goes on."""
    answers: tuple[StandingAnswer, ...] = ()


@dataclass(frozen=True)
class SuspendedAccounts:
    """Makes the notice."""

    own: OwnDossiers
    units: Callable[[], BorderUnits]
    hour_stands: Callable[[], bool]

    def notice(self, suspended: Suspended) -> SuspensionNotice:
        """The page for a person who has proved the identity and may not come in."""
        person, stated = suspended.person, suspended.suspension
        reader = Actor(
            kind=ActorKind.PERSON,
            id=person.account,
            roles=frozenset({Role.DECLARANT}),
            number=person.number,
            on_behalf_of=person.tax_code,
        )
        page, unit = self.own.page(reader, None), self.units().by_code(stated.unit)
        return SuspensionNotice(
            reason=stated.reason,
            since=stated.since,
            decided_by=stated.decided_by or stated.officer,
            document=stated.document or "",
            telephone=unit.telephone if unit else "",
            own=page,
            hour_stands=self.hour_stands(),
            answers=tuple(each for row in page.rows[:_SHOWN] for each in self._answers(reader, row)),
        )

    def _answers(self, reader: Actor, row: OwnRow) -> Iterator[StandingAnswer]:
        dossier = self.own.read(reader, row.number, row.year)
        for each in dossier.answers if dossier else ():
            is_request = each.kind is ReplyKind.AMENDMENT_REQUEST
            runs = is_request and row.state == "amendment_requested" and each.withdrawn_at is None
            if not runs and each.kind not in _CONFIRMATIONS:
                continue
            opened = self.own.answer(reader, row.number, row.year, each.digest)
            yield StandingAnswer(
                number=row.number,
                year=row.year,
                is_request=is_request,
                created_at=each.created_at,
                opened_at=each.opened_at,
                limit=row.limit if is_request and row.limit and row.limit.party == "declarant" else None,
                confirmation=opened.confirmation if opened else None,
                lines=opened.lines if opened else (),
            )
