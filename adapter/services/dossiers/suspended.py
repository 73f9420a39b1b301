"""The page of a person suspended everywhere, after log-in (Article 8): the reason, and the dossiers, read only.

There is no session: nothing can be opened, sent or printed from this page. A running hour of form 13 goes on,
and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.actor import Actor, ActorKind, Role
from adapter.services.access.sessions import Suspended
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OwnPage


@dataclass(frozen=True, slots=True)
class SuspensionNotice:
    """The notice: the reason as it was written, since when, by whom (an id of the register); his newest dossiers."""

    reason: str
    since: datetime
    officer: str
    own: OwnPage


@dataclass(frozen=True)
class SuspendedAccounts:
    """Makes the notice."""

    own: OwnDossiers

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
        return SuspensionNotice(stated.reason, stated.since, stated.officer, self.own.page(reader, None))
