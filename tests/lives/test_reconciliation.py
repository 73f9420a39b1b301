"""Whatever happens, and wherever a process is killed, each answer reaches the window in exactly one way.

A seeded few lives in `make test`, many under NSW_PROVE=full. A step is killed before any statement to the store or
between any two steps at the broker; then the window, the declarant or the officer does it again, or nobody does. The
window receipts (99) what it has: from then on it is told of that dossier as of its own.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from adapter.bootstrap import Components, new_message_id
from adapter.gateways.broker import Confirmed, Outgoing, Unconfirmed, Verdict
from adapter.gateways.store import departures
from adapter.gateways.store.tables import dossier, outbox
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel, Submission
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.mode import Sight
from adapter.simulator.window import ANY_UNIT, CarriedMessage, Letter, TestWindow, WindowIdentity
from tests.harness.by_hand import ByHand
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.people import TESTER, declarant
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.stores import Original

COUNT = 1_500 if os.environ.get("NSW_PROVE") == "full" else 12
STEPS = (
    *("complete", "open", "dispatch", "settle", "open", "doubt", "declare", "declare at the portal", "up", "down"),
    "receipt",
)
KILLED = st.none() | st.integers(0, 25)
LIFE = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1), KILLED), min_size=6, max_size=14)
"""A step, the dossier that it is about, and before which point of it the process is killed (None: before none)."""
_HAS_IT = ("down", "declare at the portal", "up", "dispatch", "receipt")
BEGINNINGS = (
    ("declare", "down"),
    _HAS_IT,
    *(3 * ((*_HAS_IT, "complete", "complete"),)),
)
"""How a life begins: with a dossier of the window, with one that the window has got by a transfer, or with one of
those that an officer confirms, again where he was killed: by chance few lives come so far."""
_MAY_END = ("receipt", "complete")
"""Steps of a beginning in which the process may be killed."""


class Killed(BaseException):
    """The process has ended here."""


@dataclass
class Life:
    """An installation, what its broker has, and where the running process ends."""

    whole: Components
    kills_at: int | None = None
    is_down: bool = False
    got: list[Outgoing] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    doubts: bool = False
    opened_first: set[str] = field(default_factory=set)
    """Answers that their declarant had while nobody had published them."""
    receipts: dict[str, Letter] = field(default_factory=dict)
    """What the window has said of what it has; the same bytes again where they were not taken."""
    receipted: set[str] = field(default_factory=set)
    """Message ids of what it has receipted, and the receipt was taken."""
    after_receipt: set[str] = field(default_factory=set)
    """Answers that an officer made once the window had receipted every transfer of their dossier."""

    def __post_init__(self) -> None:
        ours, pki = self.whole.installation, shared_pki()
        units = {ANY_UNIT: pki.party("unit").certificate}
        system, control = pki.party("system").certificate, ours.placeholder_document_type
        identity = WindowIdentity(ours.window, ours.own, pki.party("nsw"), system, units, control)
        self.window = TestWindow(identity, ByHand(), lambda: CLOCK, new_message_id)

    def point(self, *_: object) -> None:
        """A point at which the process may end."""
        if self.kills_at is None:
            return
        self.kills_at -= 1
        if self.kills_at < 0:
            self.kills_at = None
            raise Killed

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        """The broker: it may have everything though its answer is never read."""
        self.point()
        written()
        self.point()
        self.got += batch
        self.point()
        return [Unconfirmed("no confirm") if self.doubts else Confirmed() for _ in batch]

    def step(self, name: str, number: int, kills_at: int | None) -> None:
        """One step; a message that was not taken is sent again, as the window and a caller do."""
        self.told.append(f"{name} {number} killed at {kills_at}")
        before, had_all = {row.message_id for row in self.answers()}, self.told_of_all()
        self.kills_at = kills_at
        try:
            self._do(name, number)
        except Killed:
            if name.startswith("declare") or name == "receipt":
                self._do(name, number)
        except (NotAllowed, Unavailable):
            pass
        finally:
            self.kills_at = None
        held = outbox.c.sent_at.is_(None), outbox.c.in_hand_at.is_(None), outbox.c.returns == 0
        had = select(outbox.c.message_id).where(outbox.c.route == "window", outbox.c.delivered_at.is_not(None), *held)
        with self.whole.database.reading() as connection:
            self.opened_first |= set(connection.execute(had).scalars())
        if name == "complete":
            made = (row for row in self.answers() if row.message_id not in before)
            self.after_receipt |= {row.message_id for row in made if row.of in had_all}

    def told_of_all(self) -> set[str]:
        """Dossiers that were transferred, and the window has receipted each of their transfers."""
        query = select(dossier.c.number, outbox.c.message_id).join(outbox, outbox.c.dossier_id == dossier.c.id)
        with self.whole.database.reading() as connection:
            transfers = list(connection.execute(query.where(outbox.c.route == "transfer")))
        open_for = {row.number for row in transfers if row.message_id not in self.receipted}
        return {row.number for row in transfers} - open_for

    def _do(self, name: str, number: int) -> None:
        if name.startswith("declare"):
            self.declare(number, Channel.PORTAL if name.endswith("portal") else Channel.WINDOW)
        elif name == "complete":
            self.whole.completion.complete(self.key(number), OFFICER)
        elif name == "open":
            self.open(number)
        elif name == "receipt":
            self.receipt(number)
        elif name == "settle":
            self.whole.settling.settle()
        elif name in ("dispatch", "doubt"):
            self.doubts = name == "doubt"
            self.dispatch()
        elif (name == "down") is not self.is_down:
            self.is_down = not self.is_down
            if self.is_down:
                self.whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
            else:
                self.whole.window.end_override(actor=TESTER)

    @staticmethod
    def key(number: int) -> DossierKey:
        return DossierKey(f"PROOF{number}", 2026)

    def declare(self, number: int, channel: Channel) -> None:
        message = declaration(number, signer="nsw" if channel is Channel.WINDOW else "portal")
        self.whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])

    def open(self, number: int) -> None:
        """Its declarant opens every answer that he is shown."""
        with self.whole.database.reading() as connection:
            query = select(dossier.c.identities).where(dossier.c.number == self.key(number).number)
            parties = connection.execute(query).scalar()
        if not parties:
            return
        person, key = declarant(parties[0]), self.key(number)
        found = self.whole.own_dossiers.read(person, key.number, key.year)
        for each in found.answers if found else ():
            self.whole.own_dossiers.open(person, key.number, key.year, each.digest)

    def receipt(self, number: int) -> None:
        """The window receipts what it has of this dossier."""
        for reply in list(self.got):
            name = reply.message_id
            if name in self.receipted or f">{self.key(number).number}<".encode() not in reply.body:
                continue
            if name not in self.receipts:
                read = self.window.read(CarriedMessage(reply.body, name, None))
                self.receipts[name] = self.window.receipt(read)
            letter = self.receipts[name]
            digest = Digest(hashlib.sha256(letter.body).hexdigest())
            taken = Submission(letter.body, Channel.WINDOW, CLOCK, digest, correlation_id=letter.correlation_id)
            (settled,) = self.whole.intake.receive([taken])
            assert settled.outcome.value in ("accepted", "duplicate"), settled
            self.receipted.add(name)

    def dispatch(self) -> None:
        """Until nothing may leave any more."""
        rounds = Dispatch(self.whole.database, self, lambda: CLOCK, self.whole.observe, most_unconfirmed=100)
        while rounds.round(transfers=not self.is_down, returned=not self.doubts).sent:
            pass

    def end(self) -> None:
        """The window works again, and the processes do what is left."""
        self.step("up", 0, None)
        while True:
            before = len(self.got)
            settled = self.whole.settling.settle()
            self.doubts = False
            self.dispatch()
            if not settled and len(self.got) == before:
                return

    def answers(self) -> list[Any]:
        """Every decision on a dossier, with the channel by which it came."""
        query = select(outbox, dossier.c.channel, dossier.c.number.label("of"))
        joined = query.join(dossier, dossier.c.id == outbox.c.dossier_id).order_by(
            outbox.c.dossier_id, outbox.c.ordinal
        )
        decided = outbox.c.kind.not_in([ReplyKind.TRANSFER.value, ReplyKind.RECEIPT.value, ReplyKind.ERRORS.value])
        with self.whole.database.reading() as connection:
            rows = list(connection.execute(joined.where(decided, outbox.c.copy_of.is_(None))))
        return [row for row in rows if row.taken_back_at is None]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    folder: Path = tmp_path_factory.mktemp("reconciled")
    with gate(folder, f"sqlite:///{folder / 'adapter.db'}") as made:
        made.window = replace(made.window, clock=lambda: CLOCK)
        yield made, Original(made.database)


@contextmanager
def living(whole: Components) -> Iterator[Life]:
    life = Life(whole)
    event.listen(whole.database.engine, "before_cursor_execute", life.point)
    event.listen(whole.database.engine, "commit", life.point)
    try:
        yield life
    finally:
        event.remove(whole.database.engine, "before_cursor_execute", life.point)
        event.remove(whole.database.engine, "commit", life.point)


def judge(life: Life) -> None:
    """No answer is lost, none goes by both ways, none twice under two ids; and each by the way of the table."""
    bodies: dict[str, set[bytes]] = {}
    for message in life.got:
        bodies.setdefault(message.message_id, set()).add(bytes(message.body))
    assert [name for name, each in bodies.items() if len(each) > 1] == [], "one id, one message"
    transfers = {name: body for name, (body,) in bodies.items() if b"<Transfer>" in body}
    for row in life.answers():
        carried = base64.b64encode(bytes(row.body))
        by_transfer = [name for name, body in transfers.items() if carried in body]
        ways = (row.message_id in bodies, len(by_transfer))
        assert ways in ((True, 0), (False, 1)), (row.of, row.kind, ways)
        if row.channel == Channel.PORTAL.value:
            has_it = row.message_id in life.after_receipt
            assert bool(by_transfer) is not has_it, (
                "transferred until the window has receipted it, then told as its own"
            )
        else:
            was_first = row.message_id in life.opened_first
            assert bool(by_transfer) is was_first, "what was opened first is transferred, and nothing else"
    with life.whole.database.reading() as connection:
        assert departures.unsent(connection) == {}, "nothing waits that never leaves"


def test_wherever_a_process_is_killed_each_answer_reaches_the_window_in_one_way(
    standing: tuple[Components, Original],
) -> None:
    whole, original = standing
    told_as_its_own: list[bool] = []

    @seed(20190085)
    @settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.sampled_from(BEGINNINGS), KILLED, LIFE)
    def prove(beginning: tuple[str, ...], kills_at: int | None, steps: list[tuple[str, int, int | None]]) -> None:
        original.put_back()
        with living(whole) as life:
            try:
                for place, name in enumerate(beginning):
                    again = name == "complete" and name in beginning[:place]
                    life.step(name, 0, kills_at if name in _MAY_END and not again else None)
                for step in steps:
                    life.step(*step)
                life.end()
                judge(life)
                told_as_its_own.append(bool(life.after_receipt))
            except BaseException as error:
                error.add_note("; ".join(life.told))
                raise

    prove()
    assert sum(told_as_its_own) * 2 >= len(told_as_its_own) > 0, "half of the lives answer after the window's receipt"
