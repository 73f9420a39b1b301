"""Proposed acts of administrators in the store, with what became of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import proposal

Entered = dict[str, str | list[str] | None]
"""What is entered of a person, an office, a token or a program, by the names of the form's fields."""
DRAFTED, WAITING, DONE, DECLINED, WITHDRAWN = "drafted", "waiting", "done", "declined", "withdrawn"


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposed act. `proposer` and `decider` are ids of the register of people."""

    id: int
    act: str
    subject: str
    stated: Entered
    before: Entered | None
    """What stood when it was made."""
    purpose: str
    state: str
    proposer: str
    made_at: datetime
    asked_at: datetime | None
    """Since when it waits for another administrator."""
    decider: str | None
    decided_at: datetime | None
    answer: str | None
    """Why it was declined."""


class NewProposal(TypedDict):
    """A proposal as it is made."""

    act: str
    subject: str
    stated: Entered
    before: Entered | None
    purpose: str
    proposer: str
    made_at: datetime


class Decided(TypedDict, total=False):
    """What becomes of a proposal."""

    asked_at: datetime
    decider: str
    decided_at: datetime
    answer: str


def add(connection: Connection, database: Database, **values: Unpack[NewProposal]) -> int:
    """A new one; gives its number."""
    number = database.new_id(connection)
    connection.execute(insert(proposal).values(id=number, state=DRAFTED, **values))
    return number


def find(connection: Connection, number: int) -> StoredProposal | None:
    """The proposal of that number, or None."""
    return made_first(StoredProposal, connection.execute(select(proposal).where(proposal.c.id == number)))


def newest(connection: Connection, states: Collection[str], limit: int) -> list[StoredProposal]:
    """The newest in these states."""
    query = select(proposal).where(proposal.c.state.in_(states)).order_by(proposal.c.made_at.desc()).limit(limit)
    return made_all(StoredProposal, connection.execute(query))


def become(connection: Connection, number: int, *, before: str, after: str, **values: Unpack[Decided]) -> bool:
    """From one state into another; gives whether it was in the one before."""
    mine = (proposal.c.id == number, proposal.c.state == before)
    return bool(connection.execute(update(proposal).where(*mine).values(state=after, **values)).rowcount)


def sweep(connection: Connection, made_before: datetime) -> None:
    """Forget those that were never sent to another administrator."""
    connection.execute(delete(proposal).where(proposal.c.state == DRAFTED, proposal.c.made_at < made_before))
