"""The docket of one transaction: which deadlines begin, are started by law, and end with what the ledger writes.

It decides nothing about a dossier; it reads what was decided and keeps the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapter.gateways import deadlines, dossiers, tables
from adapter.gateways.database import Connection, Database
from adapter.gateways.deadlines import End
from adapter.model.dossier import Dossier, DossierState
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning, ReplyKind
from adapter.model.stages import Declaration
from adapter.pipeline.terms import RUNNING_KINDS, Terms

CONFIRM = "confirm_within"
LAPSED = (DossierState.REFUSED, DossierState.WITHDRAWN)
"""States in which nothing is left to be done in time."""
DECLARED = (Meaning.DECLARATION, Meaning.REPLACEMENT)
ANSWERS = {ReplyKind.COMPLETION: (CONFIRM,)}
"""Which deadlines a reply of ours answers."""


@dataclass
class Docket:
    """Collected while the batch is folded; `write` keeps it beside everything else."""

    database: Database
    connection: Connection
    terms: Terms
    _opened: dict[DossierKey, dict[str, Any]] = field(default_factory=dict)
    _reopened: dict[DossierKey, dict[str, Any]] = field(default_factory=dict)
    _answered: list[tuple[int, tuple[str, ...], int]] = field(default_factory=list)

    def declared(self, dossier: Dossier, declaration: Declaration, *, known: bool) -> datetime | None:
        """A version came in: the confirmation of it is due; gives when, once the law's clock runs.

        `known`: the dossier was there before this transaction, and its deadline may be another now (a replacement).
        """
        if declaration.verified.meaning not in DECLARED:
            return None
        limit = declaration.verified.envelope.procedure.deadline(CONFIRM, declaration.values)
        book = self._reopened if known else self._opened
        book.pop(dossier.key, None)
        if limit is None or dossier.state in LAPSED:
            return None
        term = self.terms.term(limit, noticed_at=dossier.received_at, started_at=dossier.accepted_at)
        row_id = self.database.new_id(self.connection)
        book[dossier.key] = deadlines.row(term, row_id=row_id, dossier_id=dossier.id)
        return term.due_at

    def replied(self, dossier: Dossier, kind: ReplyKind, row_id: int) -> None:
        """A reply is in the outbox: it may be what was due."""
        if kind in ANSWERS and dossier.id is not None:
            self._answered.append((dossier.id, ANSWERS[kind], row_id))

    def write(self, before: Mapping[DossierKey, Dossier], after: Mapping[DossierKey, Dossier], now: datetime) -> None:
        """Keep what began and what ended; dossiers and replies are in the store already."""
        for row in self._reopened.values():
            deadlines.end(self.connection, row["dossier_id"], [CONFIRM], End.LAPSED, now, outbox_id=None)
        rows = [*self._opened.values(), *self._reopened.values()]
        self.database.insert(self.connection, tables.deadline, rows)
        for key, dossier in after.items():
            if key in before and dossier.id is not None:
                self._follow(before[key], dossier, now)
        for dossier_id, kinds, row_id in self._answered:
            deadlines.end(self.connection, dossier_id, kinds, End.ANSWERED, now, outbox_id=row_id)

    def _follow(self, was: Dossier, dossier: Dossier, now: datetime) -> None:
        assert dossier.id is not None
        if was.accepted_at is None and dossier.accepted_at is not None:
            due = deadlines.start(self.connection, dossier.id, CONFIRM, dossier.accepted_at, self.terms)
            dossiers.keep_due(self.connection, dossier.id, due)
        if dossier.state in LAPSED and was.state not in LAPSED:
            deadlines.end(self.connection, dossier.id, RUNNING_KINDS, End.LAPSED, now, outbox_id=None)
