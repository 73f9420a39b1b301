"""Intake: takes Submissions of both channels. Judges outside a transaction; stores and answers in one.

A message that makes its batch fail is tried alone; one that fails alone is parked. The broker is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter

from lxml import etree

from adapter.gateways.store import dossiers, messages, replies, windows
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.records import StoredMessage
from adapter.model.dossier import Dossier
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.model.finding import Severity
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Parked, ParkedFor, verified_of
from adapter.model.stages import LOCKED, Channel, Submission
from adapter.pipeline.judge import Ground
from adapter.pipeline.terms import Terms
from adapter.services.attachments.declared import DeclaredFiles
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger
from adapter.services.messages.admission import Admission
from adapter.services.messages.deciding import Deciding
from adapter.services.messages.fold import Fold
from adapter.services.messages.item import Item, Patience, Settled, item_of, runs
from adapter.services.messages.judging import Stopwatch, broken, judged, stored
from adapter.services.messages.passing import others
from adapter.services.watch.links import stated
from adapter.services.watch.way import WindowLink

Admit = Callable[[Connection, Sequence[Item]], Sequence[Item]]
"""Asked first, in the transaction that stores: which of the messages are let in. Of the others nothing is stored."""
InHand = Callable[[str], None]
"""Called with the digest of each message before it is judged, so that a crash can be traced to it."""


def unheld(digest: str) -> None:
    """The default: does nothing."""
    del digest


def every_one(connection: Connection, items: Sequence[Item]) -> Sequence[Item]:
    """The default: all are let in."""
    del connection
    return items


class _TakenBack(Exception):
    """The result that a message would have had; raised to roll the transaction back."""

    def __init__(self, settled: Settled) -> None:
        super().__init__()
        self.settled = settled


class _Engaged(Exception):
    """Another transaction holds a lock of a dossier or message of the batch."""


@dataclass(frozen=True)
class Intake:
    """The use case that every message passes. `clock` gives the legal time (aware)."""

    database: Database
    ground: Ground
    asking: Asking
    admission: Admission
    clock: Callable[[], datetime]
    patience: Patience
    observe: Observe
    in_hand: InHand = unheld
    dossier_bytes: int = 20 << 20
    """Of all files that one dossier has."""
    hold_sent_before: datetime | None = None
    """After a restore from a backup: messages sent before this time that are not known may have been answered."""
    hearing: windows.Hearing = field(default_factory=windows.Hearing)

    def receive(self, submissions: Sequence[Submission]) -> list[Settled]:
        """Judge and store a batch; every answer is in the outbox when this returns.

        Raises:
            Unavailable: nothing was stored; the whole batch is to be tried again.
        """
        items = [self.judge(submission) for submission in submissions]
        self.observe(Event.VERIFIED, count=len(items))
        together = self.keep_together(items) if len(items) > 1 else None
        return [self.keep(item) for item in items] if together is None else together

    def judge(self, submission: Submission, tree: etree._Element | None = None) -> Item:
        """Judge a message without the store; the result goes to `keep` or `keep_together`.

        `tree`: the tree that the bytes were written from, if the caller has it.
        """
        watch = Stopwatch()
        self.in_hand(submission.digest)
        outcome = judged(submission, self.ground, watch, tree)
        return item_of(submission, outcome, watch.ms)

    def keep_together(
        self, items: Sequence[Item], *, waits: bool = True, admit: Admit = every_one
    ) -> list[Settled] | None:
        """Store those that are let in, in one transaction; None: nothing was stored, keep each alone.

        `waits` False: do not wait for locks of these dossiers, because the whole batch would wait.

        Raises:
            Unavailable: nothing was stored.
        """
        try:
            return self._store(items, waits=waits, admit=admit)
        except Unavailable:
            raise
        except _Engaged:
            return None
        except Exception as error:  # noqa: BLE001  the message that fails the batch is found by trying each alone
            self.observe(Event.BATCH_BROKEN, count=len(items), reason=broken(error).reason)
            return None

    def wake(self, row: StoredMessage, *, may_wait: bool) -> Settled:
        """Judge a stored message again: its declaration came, its waiting time ended, or an operator asked."""
        submission = stored(row)
        since = row.waits_since or submission.received_at
        item = replace(self.judge(submission), replaces=row.id, may_wait=may_wait, since=since, released=True)
        return self.keep(item)

    def keep(self, item: Item) -> Settled:
        """Store one message.

        Raises:
            Unavailable: nothing was stored.
        """
        return self.keep_admitted(item, every_one)[0]

    def keep_admitted(self, item: Item, admit: Admit) -> list[Settled]:
        """The same, if it is let in; else nothing.

        Raises:
            Unavailable: nothing was stored.
        """
        try:
            return self._store([item], admit=admit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  what fails alone is our fault: it is parked, the others go on
            parked = replace(item_of(item.submission, broken(error)), replaces=item.replaces)
            return self._store([parked], admit=admit)

    def foresee(self, item: Item, first: Callable[[Connection], None]) -> Settled:
        """The result that a message would have now: done like keeping it, then rolled back.

        `first` is done before it, in the same transaction.

        Raises:
            Unavailable: that cannot be told now.
        """
        try:
            with self.database.transaction() as connection:
                first(connection)
                items, found = self._locked(connection, [item], waits=True)
                raise _TakenBack(self._opened(connection, items, found, perf_counter()).fold(items[0]))
        except _TakenBack as taken:
            return taken.settled

    def park(self, submission: Submission, reason: str) -> Settled:
        """Park a message without judging it: it was tried too often."""
        return self._store([item_of(submission, Parked(None, reason, ParkedFor.TAKEN_UP_TOO_OFTEN))])[0]

    def _store(self, items: Sequence[Item], *, waits: bool = True, admit: Admit = every_one) -> list[Settled]:
        """Lock and read, fold one after the other, write; log after the commit."""
        began = perf_counter()
        with self.database.transaction() as connection:
            items = admit(connection, items)
            if not items:
                return []
            count = len(items)
            items, found = self._locked(connection, items, waits=waits)
            settled: list[Settled] = []
            for number, run in enumerate(runs(items)):
                if number:  # what the messages before it made is in the store, and read from there
                    found = dossiers.find(connection, [item.key for item in run if item.key is not None])
                fold = self._opened(connection, run, found, began)
                settled += [fold.fold(item) for item in run]
                fold.ledger.write()
            if any(item.submission.channel is Channel.WINDOW for item in items):
                self.hearing.note(connection, self.clock())
            self.observe(Event.INSERTED, count=count)
            self.observe(Event.COMMITTING, count=count)
        self.observe(Event.COMMITTED, count=count, ms=round((perf_counter() - began) * 1000, 2))
        for item, result in zip(items, settled, strict=True):
            self._tell(item, result)
        return settled

    def _locked(
        self, connection: Connection, items: Sequence[Item], *, waits: bool
    ) -> tuple[Sequence[Item], dict[DossierKey, Dossier]]:
        """The messages under the own numbers of their dossiers, and these dossiers, locked until the commit."""
        names = [name for item in items for name in item.lock_names]
        self._lock(connection, names, waits=waits)
        found, own = dossiers.find_by_either(connection, [item.key for item in items if item.key is not None])
        if own:
            items = [replace(item, key=own.get(item.key, item.key)) if item.key else item for item in items]
            self._lock(connection, map(dossiers.lock_name, own.values()), waits=waits)
            # Another transaction may have changed them before this lock was taken.
            found = dossiers.find(connection, [item.key for item in items if item.key is not None])
        self.observe(Event.LOCKED, count=len(names))
        return items, found

    def _lock(self, connection: Connection, names: Iterable[str], *, waits: bool) -> None:
        if not self.database.lock(connection, names, waits=waits):
            raise _Engaged

    def _opened(
        self, connection: Connection, items: Sequence[Item], found: dict[DossierKey, Dossier], began: float
    ) -> Fold:
        """A ledger with what the store knows of these messages, whose locks were asked for at `began`."""
        keys = [item.key for item in items if item.key is not None]
        again = [item.submission.digest for item in items if verified_of(item.outcome) is not None]
        known, parked = messages.known_and_parked(connection, [name for item in items for name in item.names], again)
        messages.close_parked(connection, parked)
        copies = replies.copies(connection, [message.id for message in known.values()])
        incident, links = None, list[WindowLink]()
        if any(item.submission.channel is Channel.PORTAL for item in items):
            incident, links = windows.incident_name(windows.open_incident(connection)), stated(connection, None)
        at = self.clock()
        expected = [item.passing for item in items if item.passing]
        same, passing = others(connection, [item.same for item in items if item.same], expected)
        ledger = Ledger(
            connection,
            self.database,
            known,
            found,
            at,
            Docket(self.database, connection, Terms.of(self.ground.catalogue)),
            self.ground.catalogue.notifications,
            incident=incident,
            window_links=links,
            register=self.admission.ask(connection, [item.outcome for item in items], at),
            same=same,
            passing=passing,
            foreign=self.asking.series.foreign(connection, keys),
        )
        files = DeclaredFiles(connection, self.dossier_bytes)
        deciding = Deciding(
            ledger, self.ground, self.asking, self.admission, self.patience, self.hold_sent_before, files
        )
        return Fold(ledger, self.asking, deciding, copies, {LOCKED: round((perf_counter() - began) * 1000, 2)})

    def _tell(self, item: Item, settled: Settled) -> None:
        fields: dict[str, object] = {
            "message": settled.public_id,
            "digest": item.submission.digest,
            "procedure": item.procedure,
            "channel": item.submission.channel.value,
            "outcome": settled.outcome.value,
            "state": settled.state,
            "duplicate": settled.duplicate,
            "dossier": str(item.key) if item.key else None,
            "codes": [finding.code for finding in settled.findings],
            "ms": settled.ms or item.ms,
        }
        if settled.parked_for is None:
            self.observe(Event.SETTLED, **fields)
        else:
            self.observe(Event.PARKED, **fields, reason=settled.parked_for.value)
        final = (finding for finding in settled.findings if finding.severity is not Severity.WAIT)
        if any(finding.code[3:4] == "4" or finding.name == "message_id_reused" for finding in final):
            self.observe(Event.SECURITY, **fields)
