"""Proposed acts of administrators in the store, and how each of them ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import Connection, delete, func, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import proposal

Entered = dict[str, str | list[str] | None]
"""The values of a form about a person, an office, a token or a program, by the names of its fields."""
DRAFTED, WAITING, DONE, DECLINED, WITHDRAWN = "drafted", "waiting", "done", "declined", "withdrawn"


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposed act. `proposer` and `decider` are ids of the register of people."""

    id: int
    act: str
    subject: str
    stated: Entered
    before: Entered | None
    """The register's values when the proposal was made; None: there were none."""
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
    """The columns of a new proposal."""

    act: str
    subject: str
    stated: Entered
    before: Entered | None
    purpose: str
    proposer: str
    made_at: datetime


class Decided(TypedDict, total=False):
    """The columns that are written when the state of a proposal changes."""

    asked_at: datetime
    decider: str
    decided_at: datetime
    answer: str


def add(connection: Connection, database: Database, **values: Unpack[NewProposal]) -> int:
    """Write a new proposal, as a draft; gives its number."""
    number = database.new_id(connection)
    connection.execute(insert(proposal).values(id=number, state=DRAFTED, **values))
    return number


def find(connection: Connection, number: int) -> StoredProposal | None:
    """The proposal of that number, or None."""
    return made_first(StoredProposal, connection.execute(select(proposal).where(proposal.c.id == number)))


def newest(connection: Connection, states: Collection[str], limit: int) -> list[StoredProposal]:
    """The newest proposals in these states."""
    query = select(proposal).where(proposal.c.state.in_(states)).order_by(proposal.c.made_at.desc()).limit(limit)
    return made_all(StoredProposal, connection.execute(query))


def newest_done(connection: Connection, act: str) -> list[StoredProposal]:
    """Of each subject the proposal of an act that was done last."""
    latest = (proposal.c.decided_at.desc(), proposal.c.id.desc())
    place = func.row_number().over(partition_by=proposal.c.subject, order_by=latest).label("place")
    done = select(proposal.c.id, place).where(proposal.c.act == act, proposal.c.state == DONE).subquery()
    query = select(proposal).join(done, done.c.id == proposal.c.id).where(done.c.place == 1)
    return made_all(StoredProposal, connection.execute(query.order_by(proposal.c.subject)))


def become(connection: Connection, number: int, *, before: str, after: str, **values: Unpack[Decided]) -> bool:
    """Change its state from `before` to `after`; False: it was not in the state `before`, and nothing is changed."""
    mine = (proposal.c.id == number, proposal.c.state == before)
    return bool(connection.execute(update(proposal).where(*mine).values(state=after, **values)).rowcount)


def sweep(connection: Connection, made_before: datetime) -> None:
    """Delete drafts made before that time: no other administrator was ever asked about them."""
    connection.execute(delete(proposal).where(proposal.c.state == DRAFTED, proposal.c.made_at < made_before))
