"""An installation of two processes through outages of both sides: what it was given, what it said, where it ends."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.broker import Confirmed, Outgoing, Unconfirmed, Verdict
from adapter.gateways.store import departures
from adapter.gateways.store.tables import declaration as version
from adapter.gateways.store.tables import dossier, journal, outbox
from adapter.model.errors import Unavailable
from adapter.model.events import unobserved
from adapter.model.identifiers import Digest
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel, Submission
from adapter.services.door.precheck import TurnedAway
from adapter.services.messages.item import Settled
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.mode import Mode
from adapter.services.watch.way import Leaves, way
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.modes import LEGAL
from tests.harness.people import declarant
from tests.harness.website import CITIZEN

PAPERS = ("C1000001", "C1000002", "C1000003")
"""The passports with which people are declared: what is declared twice of one is the same declaration."""


class Killed(BaseException):
    """The process has ended here."""


@dataclass
class Moment:
    """The time now, for every process of a run: their parts keep the function that tells it."""

    now: datetime = CLOCK


@cache
def by_the_window(which: int, number: str) -> bytes:
    """The declaration of a passport as the window sends it under a number."""
    return declaration(f"W{number}", reference=number, paper=PAPERS[which]).raw


@cache
def by_the_portal(which: int) -> bytes:
    """The same as a program brings it to the portal: without number and seal."""
    raw = declaration(f"P{which}", reference="PROOFDIRECT", paper=PAPERS[which], signer=None).raw
    raw = raw.replace(b">PROOFDIRECT<", b"><")
    return re.sub(rb"<Dossier(Number|Year)>[^<]*</Dossier(Number|Year)>", b"", raw)


@dataclass
class Installation:
    """Its two processes do the work in turn. `whole` is the one that runs; it ends before the statement `kills_at`."""

    processes: Sequence[Components]
    moment: Moment
    kills_at: int | None = None
    broker_up: bool = True
    broker_doubts: bool = False
    got: list[Outgoing] = field(default_factory=list)
    """Everything that may be with the window."""
    unsettled: dict[str, bytes] = field(default_factory=dict)
    """By its number, what the window has put in the queue and nobody has acknowledged."""
    sent: dict[str, bytes] = field(default_factory=dict)
    """By its number, everything that the window has ever sent."""
    by_portal: dict[int, str] = field(default_factory=dict)
    """The number that was told for each passport."""
    tried: set[int] = field(default_factory=set)
    """What a program has sent, whether it was told anything or not."""

    @property
    def by_window(self) -> set[str]:
        return set(self.sent)

    @property
    def whole(self) -> Components:
        return self.processes[0]

    def restart(self) -> None:
        """Another process goes on, with nothing that this one had in memory."""
        self.processes = [*self.processes[1:], self.processes[0]]
        for each in self.processes:
            each.database._ids = []

    def point(self, *_: object) -> None:
        """A point at which the process may end."""
        if self.kills_at is not None:
            self.kills_at -= 1
            if self.kills_at < 0:
                self.kills_at = None
                raise Killed

    def doing(self, act: Callable[[], object], kills_at: int | None = None) -> bool:
        """Whether it was done to its end; a process that is killed is followed by another."""
        self.kills_at = kills_at
        try:
            act()
        except Killed:
            self.restart()
            return False
        except Unavailable:
            return False
        finally:
            self.kills_at = None
        return True

    # What enters

    def receive(self) -> None:
        """What lies in the queue is taken; the broker gives it again until it is acknowledged."""
        for number, raw in list(self.unsettled.items()):
            settled = self.intake(raw)
            assert settled.outcome.value == "accepted", (number, settled)
            del self.unsettled[number]

    def receive_again(self) -> None:
        """The broker gives what was acknowledged once more, as after a lost acknowledgement: the stored answer."""
        for number in sorted(self.by_window - set(self.unsettled)):
            assert self.intake(self.sent[number]).duplicate, f"{number} was taken twice"

    def intake(self, raw: bytes) -> Settled:
        digest = Digest(hashlib.sha256(raw).hexdigest())
        return self.whole.intake.receive([Submission(raw, Channel.WINDOW, self.moment.now, digest)])[0]

    def declare_at_the_portal(self, which: int) -> None:
        """A program that is told nothing sends it again later; what is taken is taken while the door is open."""
        known = which in self.by_portal
        self.tried.add(which)
        try:
            told = self.whole.door.submit(by_the_portal(which), declarant(CITIZEN))
        except TurnedAway:
            assert not known, "what was taken in has its answer for ever"
            return
        assert told.reference is not None
        assert self.by_portal.setdefault(which, told.reference) == told.reference, "one declaration, one number"
        assert told.outcome == "accepted", told

    # What leaves

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        """The broker: it may have everything though its answer is never read."""
        if not self.broker_up:
            raise Unavailable("the broker cannot be reached")
        written()
        self.got += batch
        self.point()
        return [Unconfirmed("no confirm") if self.broker_doubts else Confirmed() for _ in batch]

    def dispatch(self) -> None:
        """As the dispatcher does it: by the mode, until nothing may leave."""
        rounds = Dispatch(self.whole.database, self, lambda: self.moment.now, unobserved, most_unconfirmed=100)
        leaves = way(self.whole.window.state().mode, linked=True).replies
        if leaves is not Leaves.WAIT:
            while rounds.round(transfers=leaves is not Leaves.NO_TRANSFERS, returned=not self.broker_doubts).sent:
                pass

    # The clock

    def pass_time(self, seconds: float) -> None:
        self.moment.now += timedelta(seconds=seconds)

    def look(self) -> None:
        """As the clock's process does it."""
        self.whole.window.refresh(broker_up=self.broker_up, started_at=CLOCK)

    # What must be true

    def judge_modes(self) -> None:
        """No change that the law of modes does not know, as the journal tells them."""
        query = select(journal.c.detail).where(journal.c.event == "window.mode").order_by(journal.c.id)
        with self.whole.database.reading() as connection:
            told = [Mode(each["stage"]) for each in connection.execute(query).scalars()]
        path = [Mode.NEVER_HEARD, *told]
        for before, after in zip(path, told, strict=False):
            assert after in LEGAL[before], f"{before} -> {after} of {path}"

    def judge_dossiers(self) -> None:
        """Each declaration that was taken is one dossier of one version with one acceptance, and there is no other."""
        taken = Counter([*self.by_window, *self.by_portal.values()])
        of = select(dossier.c.number).join(version, version.c.dossier_id == dossier.c.id)
        accepted = select(outbox.c.reference).where(
            outbox.c.kind == ReplyKind.ACCEPTANCE.value, outbox.c.copy_of.is_(None)
        )
        with self.whole.database.reading() as connection:
            found = [Counter(connection.execute(each).scalars()) for each in (select(dossier.c.number), of, accepted)]
        for what, numbers in zip(("dossiers", "versions", "acceptances"), found, strict=True):
            lost, double = taken - numbers, numbers - taken
            assert (lost, double) == (Counter(), Counter()), f"{what} lost: {lost}, double: {double}"

    def judge_answers(self, unlinked: set[str]) -> None:
        """Nothing waits for ever; each answer is with the window in one way, of what is unlinked in none."""
        bodies: dict[str, set[bytes]] = {}
        for message in self.got:
            bodies.setdefault(message.message_id, set()).add(bytes(message.body))
        assert [name for name, each in bodies.items() if len(each) > 1] == [], "one id, one message"
        transfers = [body for (body,) in bodies.values() if b"<Transfer>" in body]
        carried = {number: sum(number.encode() in body for body in transfers) for number in self.by_portal.values()}
        decided = outbox.c.kind.not_in([ReplyKind.TRANSFER.value, ReplyKind.RECEIPT.value])
        query = select(outbox.c.reference, outbox.c.message_id).where(
            decided, outbox.c.copy_of.is_(None), outbox.c.taken_back_at.is_(None)
        )
        with self.whole.database.reading() as connection:
            made = list(connection.execute(query))
            assert departures.unsent(connection) == {}, "nothing waits that never leaves"
        answers = Counter(row.reference for row in made)
        for row in made:
            assert (row.message_id in bodies) is (row.reference in self.by_window), "by the way that it came"
        for number, count in carried.items():
            assert count == (0 if number in unlinked else answers[number]), (number, count, unlinked)
