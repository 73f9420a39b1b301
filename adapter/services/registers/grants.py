"""Authorisations that principals give themselves on the portal: the named person may declare for them from then on.

An enterprise gives them under its organisation's account, a citizen under his own (QĐ 15/2019/QĐ-TTg Articles 3(4),
7(3)). Withdrawn, one has no effect from that moment; what was sent under it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from adapter.gateways.store import authorisations as store
from adapter.gateways.store.authorisations import Authorisation, GrantedBy
from adapter.gateways.store.database import Connection, Database
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.procedure import Label
from adapter.model.statement import AuthorisationTerms
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right, needs
from adapter.services.registers.accounts import reason_of
from adapter.services.registers.authorisations import (
    AuthorisationLetter,
    Entered,
    kept,
    name_of,
    spoken_for,
    together,
    withdrawn,
)
from adapter.services.registers.granted_procedures import amending, grantable, granted

MOST = 200
"""Letters of one principal that are in force at a time."""


@dataclass(frozen=True, slots=True)
class OwnGrant:
    """A letter for its principal or holder. `given`: the viewer is its principal; `other`: the other party's number."""

    letter: Authorisation
    given: bool
    procedure: Label | None
    """None: every procedure."""
    in_force: bool

    @property
    def other(self) -> str:
        """The number of the other side."""
        return self.letter.holder if self.given else self.letter.principal

    def is_of_one_letter(self, other: OwnGrant) -> bool:
        """Whether both stand in the same letter, for two procedures."""
        return self is not other and name_of(self.letter) == name_of(other.letter)


@dataclass(frozen=True, slots=True)
class OwnGrants:
    """Given and received letters, the newest first."""

    principal: str | None
    """The party that the viewer may give for; None: he acts under an authorisation, which cannot be passed on."""
    grants: tuple[OwnGrant, ...]


@dataclass(frozen=True)
class Grants:
    """The use cases. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    clock: Callable[[], datetime]
    notifications: Callable[[], NotificationKinds] = lambda: NO_NOTIFICATIONS
    """What both sides are told."""

    def of(self, actor: Actor) -> OwnGrants:
        """Letters that the account has given, and that the person has received.

        Raises:
            NoRight: no declarant asks.
        """
        needs(actor, Right.READ_OWN)
        now, principal = self.clock(), _principal(actor)
        numbers = [number for number in {principal, actor.number} if number is not None]
        with self.database.reading() as connection:
            found = {letter.id: letter for number in numbers for letter in store.every(connection, number=number)}
        shown = [letter for letter in found.values() if letter.principal == principal or letter.holder == actor.number]
        # Form 14 goes with what it amends.
        with_them = {(name_of(each), amending(self.catalogue, each.procedure, now)) for each in shown}
        shown = [each for each in shown if each.procedure is None or (name_of(each), each.procedure) not in with_them]
        shown.sort(key=lambda letter: (letter.granted_at, letter.id), reverse=True)
        return OwnGrants(principal, tuple(self._own(letter, principal, now) for letter in shown))

    def procedures(self) -> list[tuple[str, Label]]:
        """The procedures for which one can be given: code and title of those in force that begin a dossier."""
        return grantable(self.catalogue, self.clock())

    def give(
        self, actor: Actor, holder: str, document: str, *, until: date | None, procedures: Sequence[str]
    ) -> list[int]:
        """Authorise somebody, by his personal number, until the end of a day; no procedure named: for all.

        Raises:
            NotAllowed: numbers, day or procedures do not fit, it is given already, or there are too many.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.GRANT_OWN)
        now, principal = self.clock(), _principal(actor)
        if principal is None:
            raise NotAllowed("who acts for another passes nothing on")
        terms = AuthorisationTerms(principal, holder, document, until, tuple(procedures))
        with self.database.transaction() as connection:
            entered = Entered(GrantedBy.PRINCIPAL, actor, now, self.notifications())
            return self.keep(connection, terms, entered)

    def keep(self, connection: Connection, terms: AuthorisationTerms, entered: Entered) -> list[int]:
        """Keep what its principal has stated, from now on; gives the ids, one for each procedure.

        Raises:
            NotAllowed: as `give`.
        """
        wanted = granted(self.catalogue, terms.procedures, entered.at)
        ends = datetime.combine(terms.until, time.max, VIETNAM) if terms.until else None
        letter = AuthorisationLetter(terms.representative, terms.principal, terms.document, entered.at, ends)
        if store.count(connection, terms.principal, entered.at) >= MOST:
            raise NotAllowed(f"{MOST} authorisations are in force already; withdraw some")
        return kept(connection, self.database, letter, wanted, entered)

    def withdraw(self, actor: Actor, row_id: int, *, reason: str, whole: bool = False) -> None:
        """Withdraw it from now on, and with it what amends its dossiers; `whole`: every procedure of its letter. Its
        principal may do so, whoever entered it; its holder may give it back.

        Raises:
            NotAllowed: there is none of that id that is his, or it has ended.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.GRANT_OWN)
        now, told = self.clock(), reason_of(reason)
        with self.database.transaction() as connection:
            found = store.find(connection, row_id)
            is_his = found is not None and (found.principal == _principal(actor) or found.holder == actor.number)
            rows = self._with_it(connection, found, now, whole) if found is not None and is_his else []
            ended = [each for each in rows if store.revoke(connection, each, reason=told, at=now)]
            if row_id not in ended:
                raise NotAllowed("there is no such authorisation of yours in force")
            withdrawn(connection, self.database, ended, told, Entered(None, actor, now, self.notifications()))

    def is_granted(self, holder: str, principal: str, procedure: str) -> bool:
        """Whether somebody may act for a principal in a procedure now."""
        with self.database.reading() as connection:
            spoken = spoken_for(connection, [holder], self.clock())
        return any(grant.principal == principal and grant.covers(procedure) for grant in spoken.grants)

    def _with_it(self, connection: Connection, letter: Authorisation, now: datetime, whole: bool) -> list[int]:
        """The row, with that of form 14 where nothing else of the letter is amended by it; `whole`: the letter."""
        _, *others = together(connection, letter)
        if whole:
            return [letter.id, *(each.id for each in others)]
        mine = amending(self.catalogue, letter.procedure, now)
        is_needed = mine in {amending(self.catalogue, each.procedure, now) for each in others}
        return [letter.id, *(each.id for each in others if mine and each.procedure == mine and not is_needed)]

    def _own(self, letter: Authorisation, principal: str | None, now: datetime) -> OwnGrant:
        found = self.catalogue.find(letter.procedure, now.astimezone(VIETNAM).date()) if letter.procedure else None
        title = found.title if found else Label(letter.procedure, letter.procedure) if letter.procedure else None
        in_force = letter.revoked_at is None and (letter.valid_to is None or letter.valid_to >= now)
        return OwnGrant(letter, letter.principal == principal, title, in_force)


def _principal(actor: Actor) -> str | None:
    return None if actor.by_grant else actor.on_behalf_of or actor.number
