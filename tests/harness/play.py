"""The play: what the window sends in what order, and how each answer is found, measured, verified and compared."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from adapter.bootstrap import Components, assemble, new_message_id
from adapter.model.finding import FindingText
from adapter.model.stages import Channel
from adapter.pipeline.compose import OF_UNITS
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from adapter.simulator.window import ANY_UNIT, CarriedMessage, Carrier, Letter, TestWindow, WindowIdentity
from tests.harness.attacks import change_signed_content
from tests.harness.expectations import Answer, differences, expected, read
from tests.harness.fixtures import Case, signed
from tests.harness.premises import Premises
from tests.harness.second_opinion import Question, verify_many
from tests.harness.single_window import Received, SingleWindow, letter

ANSWER_SECONDS = 180.0
"""For all answers of an exchange, and one more second for each message: a laptop may be busy with something else."""
_OF_UNITS = {kind.value for kind in OF_UNITS}
OF_OTHERS = ("BQP240", "BQP356")
"""What is found only because another declaration says the same, or has the same papers."""
REUSED = ("BQP204", "/Envelope/Header/Reference/messageId")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message to send and the answer that must come."""

    label: str
    letter: Letter
    wanted: Answer
    request: bool = False
    """Whether form 13 follows its acceptance at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one turn: the answer, when it came, and everything that is wrong with it."""

    label: str
    wanted: Answer
    found: Answer | None
    body: bytes
    milliseconds: float | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Play:
    """The players' means. `author` writes what the window itself says; `texts` are the public findings by name."""

    window: SingleWindow
    author: TestWindow
    pki: Pki
    texts: Mapping[str, FindingText]

    def turns(self, cases: Sequence[Case]) -> dict[str, Turn]:
        """Every fixture of the window that needs no history as a turn, by its id; signed once, so that it can be sent
        again."""
        alone = (case for case in cases if not case.before and case.channel is Channel.WINDOW)
        return {case.id: self.turn(case) for case in alone}

    def turn(self, case: Case) -> Turn:
        """A fixture as a turn: signed now, by the parties it names."""
        return Turn(
            case.id, letter(case.message, signed(case, self.pki)), expected(case, self.texts), bool(case.expect.request)
        )

    def heartbeat(self) -> list[Line]:
        """90/01, as the window sends it from time to time."""
        return self.exchange([Turn("heartbeat (nhịp tim)", self.author.heartbeat(), Answer("90", "99", "Receipt"))])

    def twice(self, turns: Sequence[Turn], answered: Mapping[str, Line]) -> list[Line]:
        """Messages that were answered already, each twice more: each time the very same bytes must come back."""
        again = [replace(turn, label=f"{turn.label} ({nth} time)") for turn in turns for nth in ("2nd", "3rd")]
        return [_identical(line, answered[line.label.rpartition(" (")[0]]) for line in self.exchange(again)]

    def other_content(self, case: Case) -> list[Line]:
        """The id of a message that was answered already, with other content under good signatures."""
        parties = self.pki.party(str(case.signers.system)), self.pki.party(str(case.signers.declarant))
        other = sign_message(change_signed_content(case.message), system=parties[0], declarant=parties[1])
        sent = letter(case.message, other)
        wanted = Answer(sent.address[1], "00", "Errors", frozenset({REUSED}))
        return self.exchange([Turn(f"{case.id} (same id, other content)", sent, wanted)])

    def exchange(self, turns: Sequence[Turn], *, at_once: int | None = None) -> list[Line]:
        """Send, collect, match, verify, compare. An answer that nobody waits for becomes a line of its own."""
        left: list[float] = []
        came: list[Received] = []
        until = time.monotonic() + ANSWER_SECONDS + len(turns)
        while len(left) < len(turns):
            left += [self.window.publish(turn.letter) for turn in turns[len(left) :][:at_once]]
            wanted = sum(1 + turn.request for turn in turns[: len(left)])
            came += self.window.collect(wanted - len(came), seconds=until - time.monotonic())
        return self.compare(turns, left, came)

    def compare(self, turns: Sequence[Turn], left: Sequence[float], came: Sequence[Received]) -> list[Line]:
        """Lines for these turns in their order, then for the answers that belong to none."""
        waiting: defaultdict[str, deque[int]] = defaultdict(deque)
        for place, turn in enumerate(turns):
            for name in {turn.letter.message_id, sha256(turn.letter.body).hexdigest()}:
                waiting[name].append(place)
        lines: dict[int, Line] = {}
        strays: list[Line] = []
        requests: set[int] = set()
        good = self.verified(came)
        for received, problems in zip(came, good, strict=True):
            found = read(received.body)
            names = [name for name in (received.correlation_id, found.answered_digest) if name]
            follows = [place for name in names for place in waiting[name] if place in lines and turns[place].request]
            if found.answer.content == "AmendmentRequest" and (
                asks := [each for each in follows if each not in requests]
            ):
                requests.add(asks[0])
                lines[asks[0]] = _with(lines[asks[0]], [*problems, *_binding(received)])
                continue
            places = [place for name in names for place in waiting[name] if place not in lines]
            if not places:
                strays.append(stray(received))
                continue
            turn = turns[places[0]]
            problems += _binding(received)
            problems += differences(turn.wanted, beside_others(found.answer, turn.wanted))
            spent = (received.at - left[places[0]]) * 1000
            line = Line(turn.label, turn.wanted, found.answer, received.body, spent, tuple(problems))
            lines[places[0]] = line
        for place, line in lines.items():
            if turns[place].request and place not in requests:
                lines[place] = _with(line, ["no request to amend (20/25) followed the acceptance"])
        silent = Line("", Answer("", "", ""), None, b"", None, ("no answer came",))
        return [
            lines.get(place) or replace(silent, label=turn.label, wanted=turn.wanted)
            for place, turn in enumerate(turns)
        ] + strays

    def verified(self, came: Sequence[Received]) -> list[list[str]]:
        """What xmlsec1 says against each reply: the system's signature, and the unit's where a unit decides."""
        system, unit = self.pki.certificate_file("system"), self.pki.certificate_file("unit")
        answers = verify_many([Question(each.body, "system", system) for each in came])
        problems = [[] if good else ["xmlsec1: the system signature does not verify"] for good in answers]
        confirming = [place for place, each in enumerate(came) if read(each.body).answer.content in _OF_UNITS]
        answers = verify_many([Question(came[place].body, "declarant", unit) for place in confirming])
        for place, good in zip(confirming, answers, strict=True):
            problems[place] += [] if good else ["xmlsec1: the unit's signature does not verify"]
        return problems


def players(premises: Premises, window: SingleWindow) -> Play:
    """The means of a play on these premises."""
    whole = assemble(premises.config)
    return Play(window, window_of(whole, premises.pki, window), premises.pki, whole.catalogue.findings.texts)


def window_of(whole: Components, pki: Pki, carrier: Carrier | None = None) -> TestWindow:
    """The window of an installation; without a carrier it only writes and reads."""
    identity = WindowIdentity(
        own=whole.installation.window,
        adapter=whole.installation.own,
        key=pki.party("nsw"),
        system=pki.party("system").certificate,
        units={ANY_UNIT: pki.party("unit").certificate},
        control=whole.installation.placeholder_document_type,
    )
    return TestWindow(identity, carrier or Idle(), whole.legal_clock, new_message_id)


class Idle:
    """Carries nothing."""

    def send(self, letters: Sequence[Letter]) -> Sequence[str | None]:
        return ["nobody carries it"] * len(letters)

    def take(self, seconds: float) -> Sequence[CarriedMessage]:
        del seconds
        return []


def stray(received: Received) -> Line:
    """An answer too many."""
    found = read(received.body).answer
    label = f"answers {received.correlation_id or 'nothing known'}"
    return Line(label, Answer("", "", ""), found, received.body, None, ("one answer too many",))


def beside_others(found: Answer, wanted: Answer) -> Answer:
    """The answer without what only the others bring about: fixtures share their persons, and here one store."""
    expected_codes = {code for code, _ in wanted.findings}
    kept = (each for each in found.findings if each[0] not in OF_OTHERS or each[0] in expected_codes)
    return replace(found, findings=frozenset(kept))


def _with(line: Line, problems: Sequence[str]) -> Line:
    return replace(line, problems=(*line.problems, *problems))


def _binding(received: Received) -> list[str]:
    """The broker's property and the signed reply must name the same message."""
    signed_name = read(received.body).answered_id
    if received.correlation_id == signed_name:
        return []
    return [f"correlation id {received.correlation_id} is not the signed InReplyTo {signed_name}"]


def _identical(line: Line, first: Line) -> Line:
    if line.found is None or line.body == first.body:
        return line
    return replace(line, problems=(*line.problems, "the bytes are not those of the first answer"))
