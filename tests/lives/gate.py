"""A border gate in one process: an installation whose clock a life moves, its window, its broker."""

from __future__ import annotations

import hashlib
import itertools
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components, new_message_id
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.broker import Confirmed, Nacked, Outgoing, Verdict
from adapter.gateways.store.tables import amendment, amendment_request, declaration, dossier, inbox, outbox
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.events import unobserved
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import write_time
from adapter.services.dossiers.life import Life
from adapter.services.dossiers.lookup import Found, LookupKind, Question
from adapter.services.messages.item import Settled
from adapter.services.messages.waiting import Waiting
from adapter.services.replies.dispatch import Dispatch
from adapter.simulator.window import ANY_UNIT, CarriedMessage, Letter, TestWindow, WindowIdentity
from tests.harness.by_hand import ByHand
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.history import ITEMS, OFFICER, REASON, REQUEST
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki

CASES = {case.id: case for case in load_cases()}
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Form:
    """How one kind of dossier is declared and amended. `limit`: of the border guard, by its article."""

    declare: str
    answer: str
    value: tuple[str, str]
    """What form 14 changes, there and back."""
    limit: timedelta
    withdraw: str | None = None
    accepts: bool = False
    named: bool = True
    """Whether the letter of 27/5/2022 names its procedure."""


FORMS = {
    "group": Form(  # Article 10(1)(b)
        "BQP0100001/accepted-tour-group-entering",
        "BQP0100003/accepted-on-request",
        ("E81234562", "E81234572"),
        timedelta(hours=3),
    ),
    "citizen": Form(  # Article 10(3)(b)
        "BQP0100002/accepted-citizen-unsigned",
        "BQP0100003/accepted-on-request-citizen-unsigned",
        ("C1234567", "C1234568"),
        timedelta(hours=1),
    ),
    "ship": Form(  # Article 13(2)
        "BQP0100007/accepted-arrival-with-passengers",
        "BQP0100007A/accepted-on-request-waits-for-an-officer",
        ("S1234562", "S1234572"),
        timedelta(hours=1),
        withdraw="BQP0100007/accepted-withdrawn-before-acceptance",
        accepts=True,
        named=False,
    ),
}


@dataclass(frozen=True)
class Message:
    """A message that was written, so that it can come again."""

    name: str
    sent: datetime
    raw: bytes


@dataclass
class Broker:
    """Confirms, refuses, or takes everything and dies; what it was given is what may be with the window."""

    how: str = "confirms"
    got: list[Outgoing] = field(default_factory=list)

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        self.got += batch
        if self.how == "dies":
            raise Unavailable("the connection is gone")
        return [Confirmed() if self.how == "confirms" else Nacked("full") for _ in batch]


@dataclass
class Shown:
    """What people are shown of the dossier, and which message brought the version in force."""

    found: Found
    life: Life
    in_force: str


@dataclass
class Gate:
    """One dossier of an installation. Time moves ahead only; another dossier begins at the fixtures' clock again."""

    components: Components
    form: Form
    now: datetime = CLOCK
    value: int = 0
    """Which of the form's values the version in force has."""

    def __post_init__(self) -> None:
        self.number = f"LIFE{next(_NUMBERS):06d}"
        self.key = DossierKey(self.number, 2026)
        self.components.__dict__["legal_clock"] = lambda: _moment.now
        _moment.now = self.now
        ours, pki = self.components.installation, shared_pki()
        identity = WindowIdentity(
            own=ours.window,
            adapter=ours.own,
            key=pki.party("nsw"),
            system=pki.party("system").certificate,
            units={ANY_UNIT: pki.party("unit").certificate},
            control=ours.placeholder_document_type,
        )
        self.window = TestWindow(identity, ByHand(), lambda: self.now, new_message_id)

    def wait(self, pause: timedelta) -> None:
        self.now += pause
        _moment.now = self.now
        self.components.deadlines.watch()

    # Messages

    def declaration(self, function: str, sent: datetime) -> Message:
        return self._written(CASES[self.form.declare], sent, function=function)

    def withdrawal(self, sent: datetime) -> Message:
        assert self.form.withdraw is not None
        return self._written(CASES[self.form.withdraw], sent)

    def amendment(self, sent: datetime, *, request: str | None) -> Message:
        """Form 14: the answer to a request, or own discovery where there is none."""
        old, new = self.form.value[self.value], self.form.value[1 - self.value]
        changes = {
            f"<OldValue>{self.form.value[0]}": f"<OldValue>{old}",
            f"<NewValue>{self.form.value[1]}": f"<NewValue>{new}",
        }
        if request is not None:
            changes[REQUEST.decode()] = request
        else:
            changes |= {f"<RequestNumber>{REQUEST.decode()}</RequestNumber>": "", "THEO_YEU_CAU": "TU_PHAT_HIEN"}
        return self._written(CASES[self.form.answer], sent, function="02" if request else "01", changes=changes)

    def _written(
        self, case: Case, sent: datetime, *, function: str | None = None, changes: dict[str, str] | None = None
    ) -> Message:
        text, name = case.message.decode(), str(uuid.uuid4())
        number = etree.fromstring(case.message).findtext("Header/Subject/reference") or ""
        for old, new in (changes or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        text = re.sub(r"<messageId>[^<]*<", f"<messageId>{name}<", text)
        text = re.sub(r"<sendDate>[^<]*<", f"<sendDate>{write_time(sent)}<", text).replace(number, self.number)
        if function is not None:
            text = re.sub(r"<function>[^<]*<", f"<function>{function}<", text)
        return Message(name, sent, signed(replace(case, message=text.encode()), shared_pki()))

    def receive(self, message: Message) -> Settled:
        return self._receive(message.raw, None)

    def _receive(self, raw: bytes, correlation_id: str | None) -> Settled:
        digest = Digest(hashlib.sha256(raw).hexdigest())
        taken = Submission(raw, Channel.WINDOW, self.now, digest, correlation_id=correlation_id)
        return self.components.intake.receive([taken])[0]

    def wake(self) -> None:
        """What waited for its declaration is judged again, as the clock of the daemon does."""
        Waiting(self.components.database, self.components.intake, lambda: self.now, unobserved).wake()

    def outcome(self, message: Message) -> tuple[str, str]:
        """Where a message stands: its state and its outcome."""
        query = select(inbox.c.state, inbox.c.outcome).where(inbox.c.message_id == message.name)
        with self.components.database.reading() as connection:
            row = connection.execute(query).one()
        return row.state, row.outcome

    # Officers

    def officer(self, act: Callable[[], Any]) -> bool:
        """Whether the program let him."""
        try:
            act()
        except NotAllowed:
            return False
        return True

    def complete(self) -> None:
        self.components.completion.complete(self.key, OFFICER)

    def accept(self) -> None:
        self.components.completion.accept(self.key, OFFICER)

    def refuse(self) -> None:
        self.components.completion.refuse(self.key, OFFICER, reason=REASON)

    def request(self) -> None:
        self.components.amendments.request(self.key, OFFICER, reason=REASON, items=ITEMS)

    def withdraw_request(self) -> None:
        self.components.amendments.withdraw(self.key, OFFICER, reason=REASON)

    def approve(self) -> None:
        self.components.amendments.approve(self._waiting(), OFFICER)

    def decline(self) -> None:
        self.components.amendments.decline(self._waiting(), OFFICER, reason=REASON)

    def _waiting(self) -> str:
        """The amendment that an officer sees in his list."""
        mine = f"{self.key.number}/{self.key.year}"
        listed = self.components.amendments.listed(everything=False, limit=10_000, actor=OFFICER)
        return next((each.number for each in listed if each.dossier == mine), "none")

    # The broker and the window's receipts

    def dispatch(self, how: str) -> list[tuple[Outgoing, bool]]:
        """What of this dossier was published, and whether the broker confirmed it; until nothing more may leave."""
        broker = Broker(how)
        dispatcher = Dispatch(self.components.database, broker, lambda: self.now, unobserved, most_unconfirmed=500)
        try:
            while dispatcher.round(transfers=True).sent:
                pass
        except Unavailable:
            assert how == "dies"
        return [(each, how == "confirms") for each in broker.got if self.number.encode() in each.body]

    def receipt(self, reply: Outgoing) -> None:
        """The window's 99: the declarant has it (inferred: the nearest evidence there is)."""
        letter: Letter = self.window.receipt(self.window.read(CarriedMessage(reply.body, reply.message_id, None)))
        settled = self._receive(letter.body, letter.correlation_id)
        assert settled.outcome.value == "accepted", settled

    # What is shown

    @property
    def request_number(self) -> str:
        query = select(amendment_request.c.number).join(dossier).where(dossier.c.number == self.number)
        with self.components.database.reading() as connection:
            return str(connection.execute(query.order_by(amendment_request.c.id.desc())).scalars().first())

    @property
    def is_waiting(self) -> bool:
        """Whether the form 14 that came last waits for an officer."""
        query = select(amendment.c.state).join(dossier).where(dossier.c.number == self.number)
        with self.components.database.reading() as connection:
            return connection.execute(query.order_by(amendment.c.id.desc())).scalars().first() == "waiting"

    @property
    def taken_back(self) -> set[str]:
        """Message ids of what is never to leave."""
        query = select(outbox.c.message_id).where(
            outbox.c.reference == self.number, outbox.c.taken_back_at.is_not(None)
        )
        with self.components.database.reading() as connection:
            return set(connection.execute(query).scalars())

    def shown(self) -> Shown | None:
        found = self.components.lookup.find(Question(LookupKind.NUMBER, self.number, 2026), TESTER)
        if not found.dossiers:
            return None
        query = (
            select(inbox.c.message_id)
            .join(declaration, declaration.c.inbox_id == inbox.c.id)
            .join(dossier, (dossier.c.id == declaration.c.dossier_id) & (dossier.c.version == declaration.c.version))
            .where(dossier.c.number == self.number)
        )
        with self.components.database.reading() as connection:
            in_force = str(connection.execute(query).scalar_one())
        life = dossier_reader(self.components).life(self.key, personal=False, actor=TESTER)
        return Shown(found.dossiers[0], life, in_force)


@dataclass
class _Moment:
    now: datetime = CLOCK


_moment = _Moment()
"""The legal clock of the installation that all lives of a run share: its parts keep the function that made them."""
