"""A deputy decides on accounts for the head of his unit, by delegation with document and period.

Of the draft alone (dự thảo): the law in force names the head of the post (QĐ 15/2019/QĐ-TTg Article 8). It is off
unless `accounts.deputy` says otherwise; what was delegated before counts nothing while it is off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import delegations as store
from adapter.gateways.store import journal, people
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.delegations import Delegation
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.people import Person
from adapter.model.actor import EVERYWHERE, Actor, Role
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.text import typed
from adapter.services.access.rights import Right, needs

DOCUMENT = 80
"""So long may the number of a written delegation be."""


@dataclass(frozen=True)
class Delegations:
    """The use cases. `clock` gives the legal time (aware); `is_on`: the switch of the draft."""

    database: Database
    clock: Callable[[], datetime]
    is_on: bool

    def grant(
        self, person: str, document: str, *, valid_to: datetime, valid_from: datetime | None = None, actor: Actor
    ) -> int:
        """Delegate to a deputy of the own unit, until a time; gives the id.

        Raises:
            NotAllowed: it is switched off, there is no such deputy in the unit, or document or period do not fit.
            NoRight: the actor is no head of a unit.
        """
        needs(actor, Right.SUSPEND_ACCOUNT)
        self._is_on()
        now = self.clock()
        begins, paper = valid_from or now, typed(document, "the document", most=DOCUMENT, least=1)
        if valid_to <= max(begins, now):
            raise NotAllowed("a delegation ends after it begins, and not in the past")
        with self.database.transaction() as connection:
            deputy = people.current(connection, [person]).get(person)
            if deputy is None or Role.DEPUTY.value not in deputy.roles or deputy.unit is None:
                raise NotAllowed(f"{person!r} is no deputy of a unit: see `people list`")
            if actor.unit not in (EVERYWHERE, deputy.unit):
                raise NotAllowed(f"{person!r} is of unit {deputy.unit}; you are of unit {actor.unit}")
            row_id = store.add(
                connection,
                self.database,
                person=person,
                unit=deputy.unit,
                document=paper,
                valid_from=begins,
                valid_to=valid_to,
                granted_by=actor.id,
                granted_at=now,
            )
            detail = {"delegation": row_id, "person": person, "document": paper}
            journal.append(connection, self.database, Entry.by(JournalEvent.DELEGATION_GRANT, actor, now, detail))
        return row_id

    def end(self, row_id: int, *, actor: Actor) -> None:
        """End one of the own unit, from now on; what was decided under it stays.

        Raises:
            NotAllowed: there is none of that id that counts.
            NoRight: the actor is no head of a unit.
        """
        needs(actor, Right.SUSPEND_ACCOUNT)
        now = self.clock()
        with self.database.transaction() as connection:
            mine = store.every(connection, None if actor.unit == EVERYWHERE else actor.unit)
            if not any(each.id == row_id and each.ended_at is None and each.valid_to > now for each in mine):
                raise NotAllowed(f"there is no delegation {row_id} that could be ended")
            store.end(connection, row_id, by=actor.id, at=now)
            detail = {"delegation": row_id}
            journal.append(connection, self.database, Entry.by(JournalEvent.DELEGATION_END, actor, now, detail))

    def list(self, *, actor: Actor) -> list[Delegation]:
        """Those of the own unit, ended ones too; of every unit where the actor is of none.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.reading() as connection:
            return store.every(connection, None if actor.unit in (None, EVERYWHERE) else actor.unit)

    def deputies(self, *, actor: Actor) -> Sequence[Person]:
        """The deputies of the own unit, by their ids: those to whom the actor may delegate.

        Raises:
            NoRight: the actor is no head of a unit.
        """
        needs(actor, Right.SUSPEND_ACCOUNT)
        with self.database.reading() as connection:
            every = people.every(connection)
        mine = (each for each in every if Role.DEPUTY in each.roles and each.unit is not None)
        return [each for each in mine if actor.unit in (EVERYWHERE, each.unit)]

    def of(self, connection: Connection, actor: Actor, at: datetime) -> Delegation | None:
        """By which delegation this deputy decides now, in the caller's transaction; None: by none."""
        if not self.is_on or Role.DEPUTY not in actor.roles:
            return None
        in_force = (each for each in store.of(connection, actor.id) if each.is_in_force(at))
        return next((each for each in in_force if actor.unit in (EVERYWHERE, each.unit)), None)

    def _is_on(self) -> None:
        if not self.is_on:
            raise NotAllowed("a deputy decides by the draft alone, which is off here: accounts.deputy")
