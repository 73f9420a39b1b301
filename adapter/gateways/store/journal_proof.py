"""The proof that the journal is whole: chains, entries that stand alone, seals. A stream, never held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from adapter.gateways.store.journal import Entry, entry_hash
from adapter.gateways.store.seals import content, sealed_digest
from adapter.gateways.store.tables import dossier, journal, journal_seal
from adapter.pipeline.envelope import write_time

_AT_ONCE = 2000
_TOLD = 1000
"""Faults that are listed; further ones are counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """The range of seals to check with their entries; None is no bound."""

    first: int | None = None
    last: int | None = None

    @property
    def is_whole(self) -> bool:
        """Everything: chains from their beginning, and what is not sealed yet."""
        return self.first is None and self.last is None


_WHOLE = Part()


@dataclass
class Proof:
    """What was checked, and every fault of the journal."""

    chains: int = 0
    entries: int = 0
    alone: int = 0
    """Entries without a dossier."""
    seals: int = 0
    unsealed: int = 0
    ahead: int = 0
    """Entries that are dated later than now: the clock was wrong then, or is now. The journal is not changed."""
    faults: list[str] = field(default_factory=list)
    untold: int = 0
    remarks: list[str] = field(default_factory=list)

    def fault(self, what: str) -> None:
        """Add a fault to the list, or count it."""
        if len(self.faults) < _TOLD:
            self.faults.append(what)
        else:
            self.untold += 1


def prove(connection: Connection, *, now: datetime, part: Part = _WHOLE) -> Proof:
    """Check the whole journal, or the entries of some seals. `connection` is of a fresh transaction that reads."""
    if connection.dialect.name == "postgresql":
        # One snapshot for all statements: new entries would be in one result and not in another.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    proof = Proof()
    if part.is_whole:
        _chains(connection, proof)
        _alone(connection, proof)
        unsealed = select(func.count()).select_from(journal).where(journal.c.seal.is_(None))
        proof.unsealed = connection.execute(unsealed).scalar_one()
    _seals(connection, proof, part)
    _dates(connection, proof, now)
    return proof


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query, execution_options={"yield_per": _AT_ONCE}))


def _entry(row: Any) -> Entry:
    return Entry(row.event, row.actor, row.at, row.detail)


def _chains(connection: Connection, proof: Proof) -> None:
    """Each dossier's entries, from the first to the head that the dossier names: none altered, missing or added."""
    query = (
        select(journal, dossier.c.journal.label("count"), dossier.c.journal_head.label("head"))
        .join(dossier, dossier.c.id == journal.c.dossier_id)
        .order_by(journal.c.dossier_id, journal.c.ordinal)
    )
    for key, rows in groupby(_streamed(connection, query), key=lambda row: row.dossier_id):
        ordinal, head, row = 0, "", None
        for row in rows:
            expected = entry_hash(head, key, ordinal + 1, _entry(row))
            if row.ordinal > ordinal + 1:
                proof.fault(f"dossier {key}: no entry {ordinal + 1} before entry {row.ordinal}")
            elif row.ordinal != ordinal + 1 or row.previous != head or row.hash != expected:
                proof.fault(f"dossier {key}, entry {row.ordinal}")
            ordinal, head = row.ordinal, row.hash
            proof.entries += 1
        if row is not None and (row.count, row.head) != (ordinal, head):
            proof.fault(f"dossier {key}: head")
        proof.chains += 1
    mine = select(journal.c.id).where(journal.c.dossier_id == dossier.c.id)
    without = select(dossier.c.id).where(dossier.c.journal > 0, ~mine.exists())
    for key in connection.execute(without).scalars():
        proof.fault(f"dossier {key}: head")


def _alone(connection: Connection, proof: Proof) -> None:
    """Entries without a dossier: each matches its hash; that none is missing is proved by the seals."""
    query = select(journal).where(journal.c.dossier_id.is_(None)).order_by(journal.c.ordinal, journal.c.id)
    for row in _streamed(connection, query):
        if row.ordinal != 0 or row.previous or row.hash != entry_hash("", None, 0, _entry(row)):
            proof.fault(f"entry {row.id} ({row.event})")
        proof.alone += 1
        proof.entries += 1


def _seals(connection: Connection, proof: Proof, part: Part) -> None:
    """The chain of seals, and each seal over what it covers."""
    covering = _covered(connection, proof, part)
    held = next(covering, None)
    before: Any = None
    query = select(journal_seal).order_by(journal_seal.c.number.is_(None), journal_seal.c.number, journal_seal.c.at)
    for row in _streamed(connection, _within(query, journal_seal.c.number, part)):
        while held is not None and row.number is not None and held[0] < row.number:
            proof.fault(f"{held[1]} entries are of seal {held[0]}, which is not there")
            held = next(covering, None)
        mine = held if held is not None and held[0] == row.number else None
        if mine is not None:
            held = next(covering, None)
        proof.seals += 1
        _seal(row, before, mine, proof, begins=part.first is None)
        before = row
    while held is not None:
        proof.fault(f"{held[1]} entries are of seal {held[0]}, which is not there")
        held = next(covering, None)


def _seal(row: Any, before: Any, covered: tuple[int, int, str] | None, proof: Proof, *, begins: bool) -> None:
    name = f"seal {row.number}" if row.number is not None else f"the seal of {write_time(row.at)}"
    follows = before is None or row.previous == before.digest
    if row.entries is None:  # of 0.1.0, which followed the highest id: in order only if one process sealed
        if not follows:
            proof.remarks.append(f"{name} does not follow the one before it: two clocks sealed beside each other")
        return
    if before is not None and before.number is not None and row.number != before.number + 1:
        proof.fault(f"{name}: there is none between it and seal {before.number}")
    elif not follows or (before is None and begins and row.previous):
        proof.fault(f"{name} does not follow the one before it: altered, or two clocks sealed beside each other")
    _, entries, hashed = covered or (row.number, 0, content(()))
    if entries != row.entries:
        proof.fault(f"{name}: it covers {row.entries} entries, and {entries} are there")
    elif row.digest != sealed_digest(row.previous, row.number, row.at, entries, hashed):
        proof.fault(f"{name}: what it covers is not what was sealed")


def _covered(connection: Connection, proof: Proof, part: Part) -> Iterator[tuple[int, int, str]]:
    """Number of each seal, how many entries it has and their digest, in order."""
    query = _within(select(journal).where(journal.c.seal.is_not(None)), journal.c.seal, part)
    rows = _streamed(connection, query.order_by(journal.c.seal, journal.c.id))
    for number, covered in groupby(rows, key=lambda row: row.seal):
        counted = _Counted(covered, proof, judged=not part.is_whole)
        hashed = content(counted)
        yield number, counted.count, hashed


@dataclass
class _Counted:
    """Ids and hashes of the entries of one seal; they are judged one by one where their chains are not looked at."""

    rows: Iterator[Any]
    proof: Proof
    judged: bool
    count: int = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for row in self.rows:
            self.count += 1
            if self.judged:
                self.proof.entries += 1
                if row.hash != entry_hash(row.previous, row.dossier_id, row.ordinal, _entry(row)):
                    self.proof.fault(f"entry {row.id} ({row.event})")
            yield row.id, row.hash


def _within(query: Select[Any], number: Any, part: Part) -> Select[Any]:
    if part.first is not None:
        query = query.where(number >= part.first)
    return query if part.last is None else query.where(number <= part.last)


def _dates(connection: Connection, proof: Proof, now: datetime) -> None:
    proof.ahead = connection.execute(select(func.count()).select_from(journal).where(journal.c.at > now)).scalar_one()
    if proof.ahead:
        proof.remarks.append(f"{proof.ahead} entries are dated later than now: the clock was wrong then, or is now")
