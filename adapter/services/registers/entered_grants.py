"""Authorisations as officers see them: letters that a unit has entered, and who may act for whom by a number.

A letter has a row for each procedure that it names. Rows that were entered together and stand together are one letter
here, which is withdrawn as a whole (QĐ 15/2019/QĐ-TTg Articles 3(4), 7(3)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import authorisations as store
from adapter.gateways.store.authorisations import Authorisation
from adapter.gateways.store.database import Connection, Database
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right, needs
from adapter.services.registers.accounts import reason_of
from adapter.services.registers.authorisations import Authorisations, Entered, name_of, together, withdrawn
from adapter.services.registers.granted_procedures import grantable
from adapter.services.registers.party_numbers import number_of
from adapter.services.registers.register_shown import NamingRegister, note_register_shown

MOST = 200
"""So many rows stand on the page, the newest; older ones are found by a number."""


@dataclass(frozen=True, slots=True)
class GrantLetter:
    """A letter. `first` is the row by which it is named; no procedures: every one."""

    first: Authorisation
    rows: tuple[int, ...]
    procedures: tuple[Label, ...]

    def state(self, at: datetime) -> str:
        """ended, over, coming or in_force."""
        if self.first.revoked_at is not None:
            return "ended"
        if self.first.valid_to is not None and self.first.valid_to < at:
            return "over"
        return "coming" if self.first.valid_from > at else "in_force"


@dataclass(frozen=True)
class EnteredGrants:
    """The use cases of pages. `authorisations` enters and keeps."""

    database: Database
    catalogue: Callable[[], Catalogue]
    clock: Callable[[], datetime]
    authorisations: Authorisations

    def of_unit(self, actor: Actor) -> list[GrantLetter]:
        """The newest letters that his unit has entered; of every unit for who is of none. The journal keeps it.

        Raises:
            NoRight: he may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        unit = None if actor.unit == EVERYWHERE else actor.unit
        with self.database.transaction() as connection:
            return self._shown(connection, store.entered(connection, unit, MOST), actor)

    def about(self, number: str, actor: Actor) -> list[GrantLetter]:
        """Every letter that names this number, whoever has given or entered it, the newest first.

        Raises:
            NotAllowed: it is no number of a party.
            NoRight: he may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        wanted = number_of(number)
        with self.database.transaction() as connection:
            found = store.every(connection, number=wanted)[: -MOST - 1 : -1]
            return self._shown(connection, found, actor)

    def letter(self, row_id: int, actor: Actor) -> GrantLetter | None:
        """The letter of that row, while nobody has withdrawn it; None: there is none.

        Raises:
            NoRight: he may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            rows = _together(connection, row_id)
            letters = self._shown(connection, rows, actor) if rows else []
        return letters[0] if letters else None

    def procedures(self) -> list[tuple[str, Label]]:
        """What a letter can name."""
        return grantable(self.catalogue(), self.clock())

    def withdraw(self, row_id: int, *, reason: str, actor: Actor) -> None:
        """Withdraw the letter of that row from now on, with all procedures that it names. Both sides are told.

        Raises:
            NotAllowed: there is none that stands, or no reason.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REVOKE_AUTHORISATION)
        now, told = self.clock(), reason_of(reason)
        with self.database.transaction() as connection:
            rows = [each.id for each in _together(connection, row_id)]
            ended = [each for each in rows if store.revoke(connection, each, reason=told, at=now)]
            if not ended:
                raise NotAllowed("there is no such authorisation, or it was withdrawn already")
            entered = Entered(None, actor, now, self.authorisations.notifications())
            withdrawn(connection, self.database, ended, told, entered)

    def _shown(self, connection: Connection, rows: Sequence[Authorisation], actor: Actor) -> list[GrantLetter]:
        now = self.clock()
        ids = [each.id for each in rows]
        note_register_shown(connection, self.database, NamingRegister.AUTHORISATIONS, ids, actor, now)
        return [self._letter(each, now) for each in _letters(rows)]

    def _letter(self, rows: Sequence[Authorisation], now: datetime) -> GrantLetter:
        today, codes = now.astimezone(VIETNAM).date(), [each.procedure for each in rows if each.procedure]
        found = {code: self.catalogue().find(code, today) for code in codes}
        # Form 14 goes with what it amends; it is told of where it stands alone.
        named = [code for code, each in found.items() if each is None or each.amends is None] or codes
        titles = (each.title if (each := found[code]) else Label(code, code) for code in named)
        return GrantLetter(rows[0], tuple(each.id for each in rows), tuple(titles))


def _letters(rows: Iterable[Authorisation]) -> list[list[Authorisation]]:
    """The rows by letter, in their order; within a letter as it was entered."""
    found: dict[tuple[object, ...], list[Authorisation]] = {}
    for each in rows:
        found.setdefault(name_of(each), []).append(each)
    return [sorted(each, key=lambda row: row.id) for each in found.values()]


def _together(connection: Connection, row_id: int) -> list[Authorisation]:
    """The rows of a letter that stand, that one first; nothing where it does not stand."""
    row = store.find(connection, row_id)
    return together(connection, row) if row is not None and row.revoked_at is None else []
