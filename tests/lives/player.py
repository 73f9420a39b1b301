"""A life played to the program and to the law at once: each step is told to both, and what is shown is compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from lxml import etree

from adapter.gateways.broker import Outgoing
from tests.lives.gate import Gate, Message, Shown
from tests.lives.law import Amendment, Confirmation, Duty, Law, Request, Version

SECOND, YEAR = timedelta(seconds=1), timedelta(days=1400)
CONFIRMED = {
    **dict.fromkeys(("confirmation_signed", "amendment_confirmation_signed"), "signed"),
    **dict.fromkeys(("confirmation_sent", "amendment_confirmation_sent"), "sent"),
    **dict.fromkeys(("completed", "completed_amended"), "delivered"),
}
"""What is said of a dossier that is confirmed, and what its confirmation is then."""
STATES = {
    "unknown": (),
    "received": ("received",),
    "accepted": ("accepted", "amendment_requested", "amended", *CONFIRMED),
    "refused": ("refused",),
    "withdrawn": ("withdrawn",),
}
_LAPSED = ("lapsed", "withdrawn")


class Player:
    """`gate` is the program, `law` what must be true. A step that an officer may not take is no step."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.law = gate, Law(gate.form.limit, accepts=gate.form.accepts)
        self.written: list[Message] = []
        self.left: list[Outgoing] = []
        self.waiting: list[tuple[Message, str]] = []
        """Messages that came before their declaration, with what they are."""
        self.received: dict[str, datetime] = {}
        self.told: list[str] = []
        """The steps that were taken, for whoever reads a failure."""
        self.steps: dict[str, Callable[[str], None]] = {
            "declare": self.declare,
            "replace": self.replace,
            "withdraw": self.withdraw,
            "own": self.own,
            "answer": self.answer,
            "again": self.again,
            "officer": self.officer,
            "dispatch": self.dispatch,
            "receipt": self.receipt,
            "wait": self.wait,
        }

    def step(self, choice: int) -> None:
        """One of the steps that may lead somewhere now."""
        steps = self.sensible()
        name, how = steps[choice % len(steps)]
        self.told.append(f"{name} {how}")
        self.do(name, how)

    def do(self, name: str, how: str) -> None:
        self.steps[name](how)
        self.compare()

    def sensible(self) -> list[tuple[str, str]]:
        """What leads on stands there more often; what is unlawful now stands there too."""
        law, ship = self.law, self.gate.form.withdraw is not None
        steps = [(kind, how) for kind in ("declare", "replace") for how in ("now", "older", "2030", "old")]
        steps += [
            ("replace", "now"),
            ("wait", "a minute"),
            ("wait", "an hour"),
            ("wait", "until it is due"),
            ("wait", "past it"),
        ]
        if law.standing == "unknown":
            return [*steps, *[("declare", "now")] * 10, *[("withdraw", "now")] * ship]
        steps += [("withdraw", how) for how in ("now", "older") if ship]
        steps += [("again", "0"), ("again", "1"), ("own", "now"), ("officer", "refuse")]
        steps += [("dispatch", "confirms")] * 6 + [("dispatch", "dies"), ("dispatch", "refuses")]
        steps += [("receipt", "0"), ("receipt", "1")] * bool(self.left)
        if law.standing == "received":
            return [*steps, *[("officer", "accept")] * 12]
        if law.standing == "accepted":
            steps += [("officer", "request")] * 3 + [("officer", "complete")] * (8 if law.confirmation is None else 1)
            steps += [("own", "now"), ("own", "older"), ("own", "now"), ("own", "2030")] * (
                law.confirmation is not None
            )
        steps += [("answer", "now")] * (8 if law.asked else 1 if law.requests else 0)
        steps += [("officer", "withdraw request")] * (3 if law.asked else 0)
        return steps + [("officer", "approve"), ("officer", "approve"), ("officer", "decline")] * (
            4 if law.pending else 0
        )

    # Messages

    def declare(self, how: str) -> None:
        message = self.write(self.gate.declaration("01", self.sent(how)))
        self.take(message, "declare", self.law.may_declare(self.aged(message)))
        self.gate.wake()
        waited, self.waiting = self.waiting, []
        for each, kind in waited:
            self.woken(each, kind)

    def replace(self, how: str) -> None:
        message = self.write(self.gate.declaration("02", self.sent(how)))
        self.take(message, "replace", self.law.may_correct(self.aged(message)))

    def withdraw(self, how: str) -> None:
        if self.gate.form.withdraw is None:
            return
        message = self.write(self.gate.withdrawal(self.sent(how)))
        self.take(message, "withdraw", self.law.may_withdraw(self.aged(message)))

    def own(self, how: str) -> None:
        message = self.write(self.gate.amendment(self.sent(how), request=None))
        self.take(message, "own", None)

    def answer(self, how: str) -> None:
        if self.law.requests:
            message = self.write(self.gate.amendment(self.sent(how), request=self.law.requests[-1].number))
            self.take(message, "answer", None)

    def again(self, how: str) -> None:
        """The same bytes once more: the stored answer, and nothing changes."""
        if self.written:
            before = self.gate.shown()
            settled = self.gate.receive(self.written[int(how) % len(self.written)])
            assert settled.duplicate
            assert self.gate.shown() == before

    def sent(self, how: str) -> datetime:
        newest = self.law.newest or self.gate.now
        return {
            "now": self.gate.now - SECOND,
            "older": newest - 10 * SECOND,
            "2030": self.gate.now + YEAR,
            "old": self.gate.now - timedelta(days=5),
        }[how]

    def write(self, message: Message) -> Message:
        self.written.append(message)
        return message

    def aged(self, message: Message) -> datetime | None:
        return self.law.age(message.sent, self.gate.now)

    def take(self, message: Message, kind: str, lawful: bool | None) -> None:
        settled = self.gate.receive(message)
        self.received[message.name] = self.gate.now
        assert settled.state != "parked", "a defect of ours"
        if settled.state == "waiting":
            assert self.law.standing == "unknown"
            self.waiting.append((message, kind))
            return
        taken = settled.outcome.value == "accepted"
        if lawful is not None:
            assert taken == lawful, f"{kind} was {settled.outcome.value}: {[each.name for each in settled.findings]}"
        if taken:
            self.taken(message, kind)

    def woken(self, message: Message, kind: str) -> None:
        state, outcome = self.gate.outcome(message)
        assert state == "settled", "its declaration has come"
        aged = self.law.age(message.sent, self.received[message.name])
        may = {"replace": self.law.may_correct, "withdraw": self.law.may_withdraw}.get(kind)
        lawful = may(aged) if may is not None else None
        assert lawful is None or (outcome == "accepted") == lawful, f"{kind} that waited was {outcome}"
        if outcome == "accepted":
            self.taken(message, kind)

    def taken(self, message: Message, kind: str) -> None:
        with self.law.at(self.gate.now):
            self.entered(message, kind)

    def entered(self, message: Message, kind: str) -> None:
        received = self.received[message.name]
        sent = self.law.counts(message.sent, received)
        if kind == "withdraw":
            self.law.withdrew(sent, self.gate.now)
        elif kind in ("declare", "replace"):
            self.law.declared(Version(message.name, sent, received, declared=True))
            self.gate.value = 0
        else:
            standing = "waiting" if self.gate.is_waiting else "in force"
            wanted = kind == "answer" and self.law.asked is not None
            self.law.amended(Amendment(Version(message.name, sent, received, declared=False), wanted, standing))
            if standing == "in force":
                self.gate.value = 1 - self.gate.value

    # Officers

    def officer(self, how: str) -> None:
        gate, law = self.gate, self.law
        match how:
            case "accept":
                if gate.officer(gate.accept):
                    assert law.standing == "received"
                    with law.at(gate.now):
                        law.accepted()
            case "complete":
                done = gate.officer(gate.complete)
                lawful = law.standing == "accepted" and law.confirmation is None and law.pending is None
                assert done == lawful, f"to confirm was {'possible' if done else 'not possible'}"
                if done:
                    shown = gate.shown()
                    assert shown is not None
                    with law.at(gate.now):
                        law.confirmed(str(shown.found.confirmation))
            case "refuse":
                if gate.officer(gate.refuse):
                    assert not law.live, "what was confirmed is amended, not refused"
                    with law.at(gate.now):
                        law.refused()
            case "request":
                if gate.officer(gate.request):
                    assert law.standing == "accepted"
                    with law.at(gate.now):
                        law.requested(gate.request_number, gate.now)
            case "withdraw request":
                done = gate.officer(gate.withdraw_request)
                assert done == (law.standing == "accepted" and law.asked is not None)
                if done:
                    law.withdrew_request()
            case "approve":
                if gate.officer(gate.approve):
                    assert law.pending is not None
                    with law.at(gate.now):
                        law.approved(law.pending)
                    gate.value = 1 - gate.value
            case "decline":
                if gate.officer(gate.decline):
                    assert law.pending is not None
                    with law.at(gate.now):
                        law.pending.standing = "declined"

    # Ways

    def dispatch(self, how: str) -> None:
        gone = self.gate.taken_back
        for reply, confirmed in self.gate.dispatch(how):
            assert reply.message_id not in gone, "what was taken back never leaves"
            if reply not in self.left:
                self.left.append(reply)
            for thing in self.carried(reply):
                assert not thing.taken_back, "what was taken back never leaves"
                thing.in_hand = True
                thing.sent = thing.sent or (self.gate.now if confirmed else None)

    def receipt(self, how: str) -> None:
        sent = [reply for reply in self.left if all(each.sent for each in self.carried(reply))]
        if sent:
            reply = sent[-1 - int(how) % len(sent)]
            self.gate.receipt(reply)
            self.gate.components.deadlines.watch()
            for thing in self.carried(reply):
                if thing.delivered is None and not (isinstance(thing, Request) and thing.hour):
                    thing.delivered = self.gate.now

    def carried(self, reply: Outgoing) -> list[Confirmation | Request]:
        """The confirmation or the request that a reply carries."""
        content = etree.fromstring(reply.body).find("Body/Content")
        numbers = {each.text for tag in ("ConfirmationNumber", "RequestNumber") for each in content.iter(tag)}
        return [each for each in (*self.law.confirmations, *self.law.requests) if each.number in numbers]

    def wait(self, how: str) -> None:
        """A while, or until the duty ends to the second, or a second longer."""
        due = [each.due for each in self.law.duties(self.gate.now) if each.due and each.due > self.gate.now]
        pause = {"a minute": timedelta(minutes=1), "an hour": timedelta(minutes=61)}.get(how)
        if pause is None:
            pause = min(due, default=self.gate.now) - self.gate.now + (SECOND if how == "past it" else 0 * SECOND)
        self.gate.wait(pause)

    # What is shown must be true

    def compare(self) -> None:
        shown = self.gate.shown()
        if shown is None:
            assert self.law.standing == "unknown"
            return
        assert shown.found.state in STATES[self.law.standing]
        assert shown.in_force == self.law.in_force.name, "the version in force"
        self.compare_duties(shown)
        self.compare_completion(shown)
        self.compare_paper(shown)

    def compare_duties(self, shown: Shown) -> None:
        told = [
            Duty(each.kind, each.started_at, each.due_at, frozenset({each.standing.value}))
            for each in shown.life.deadlines
            if each.standing.value not in _LAPSED
        ]
        wanted = list(self.law.duties(self.gate.now))
        for duty in wanted:
            match = [each for each in told if _alike(each, duty)]
            assert match, f"wanted {duty}, told {told}"
            told.remove(match[0])
        assert not told, f"nothing of the law: {told}"

    def compare_completion(self, shown: Shown) -> None:
        newest = self.law.live[-1] if self.law.live else None
        if self.law.is_completed:
            assert newest is not None
            stands = "delivered" if newest.delivered else "sent" if newest.sent else "signed"
            assert CONFIRMED[shown.found.state] == stands
        assert shown.found.sent_at == (newest.sent if newest else None)
        assert shown.found.completed_at == (newest.delivered if newest else None)
        had = "the declarant has had it since" in shown.found.result.en
        assert had == (self.law.is_completed and newest is not None and newest.delivered is not None)
        sent = "was sent at" in shown.found.result.en
        assert sent == (
            self.law.is_completed and newest is not None and newest.sent is not None and newest.delivered is None
        )

    def compare_paper(self, shown: Shown) -> None:
        paper, result = shown.found.paper_may_be_asked, shown.found.result
        assert paper.value == self.law.paper_may_be_asked(by_window=self.gate.form.named), paper.ground.en
        assert shown.found.issued_through_window == bool(self.law.live and self.law.live[-1].sent)
        for said in (paper.ground.en, result.en):
            if stands := re.search(r"the confirmation (\S+) of version", said):
                relied_on = self.law.relied_on
                assert relied_on is not None
                assert stands[1] == relied_on.number
        if paper.value and self.law.standing == "refused":
            assert "was refused" in paper.ground.en
        if self.law.asked is not None and self.law.relied_on is not None:
            assert "stands" in result.en


def _alike(told: Duty, wanted: Duty) -> bool:
    return (told.kind, told.began, told.due) == (
        wanted.kind,
        wanted.began,
        wanted.due,
    ) and told.standings <= wanted.standings
