"""The acts of the demonstration: what is played, told and checked, in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adapter.bootstrap import assemble
from adapter.model.stages import Stage
from adapter.simulator.window import Letter
from tests.demo import amendment, outage, suspension, transfers
from tests.demo.broker import Broker
from tests.demo.commands import accept, complete
from tests.demo.direct import Direct, directs
from tests.demo.table import Narrator
from tests.harness.commands import nsw_adapter
from tests.harness.expectations import Answer, read
from tests.harness.fixtures import Case
from tests.harness.play import Line, Play, Turn, players
from tests.harness.premises import Premises
from tests.harness.single_window import SingleWindow

QUIET_SECONDS = 1.5
COMPLETION_SECONDS = 180.0
AT_ONCE = 4
DECLARED = "10"
"""Type of what answers a declaration as received; an amendment that came too early waits too, but for no officer."""


def window_works(play: Play, premises: Premises, cases: Sequence[Case], narrator: Narrator) -> None:
    """Heartbeat, every fixture, repetitions, an officer's completions, then silence."""
    accepted = _accepted(cases)
    narrator.chapter("The window works (Cổng thông tin một cửa quốc gia hoạt động)")
    narrator.say("Each answer is taken from nsw.replies, and xmlsec1 verifies its signature.")
    narrator.table("Is anybody there?", play.heartbeat())
    turns = play.turns(cases)
    lines = play.exchange(list(turns.values()), at_once=AT_ONCE)
    narrator.table(f"Every fixture of the window, {len(lines)} messages, {AT_ONCE} at a time:", lines)
    by_label = {line.label: line for line in lines}
    suspension.played(play, premises, accepted[0], narrator)
    repeated = [turns[case.id] for case in (accepted[0], *_one_of_each_fault(cases))]
    narrator.table("The same message again must bring the same bytes again:", play.twice(repeated, by_label))
    narrator.table("One id must not say two things:", play.other_content(accepted[0]))
    waiting = [by_label[case.id] for case in _waiting(cases)]
    narrator.table(
        "An officer accepts (tiếp nhận) what the program may not accept by itself, ships:",
        _officer(play, premises, waiting, accept, Answer("20", "21", "Acceptance")),
    )
    narrator.table(
        "An officer confirms (xác nhận hoàn thành), signed by the unit and the system:",
        _officer(
            play,
            premises,
            [*(by_label[case.id] for case in accepted), *waiting],
            complete,
            Answer("30", "23", "Completion"),
        ),
    )
    amendment.played(play, premises, cases, narrator)
    _beside_the_window(play, premises, cases, narrator)
    silence(play.window, narrator)


def _beside_the_window(play: Play, premises: Premises, cases: Sequence[Case], narrator: Narrator) -> None:
    """What the window does not carry (vehicles) is taken by the portal while the window works, too."""
    declarations = [each for each in _directs(premises, cases) if not each.carried]
    who = outage.callers(premises, declarations, "portal")
    narrator.say("The window does not carry vehicles (công văn ngày 27/5/2022): the portal takes them at any time.")
    outage.declare_directly(play, premises, who, declarations, narrator)


def _directs(premises: Premises, cases: Sequence[Case]) -> list[Direct]:
    return directs(cases, catalogue=assemble(premises.config).catalogue, pki=premises.pki)


def window_fails(play: Play, premises: Premises, broker: Broker, cases: Sequence[Case], narrator: Narrator) -> Play:
    """The outage, from the last 409 to the receipts of the transfers; gives the play on its new connection."""
    narrator.chapter("The window fails (sự cố; QĐ 15/2019/QĐ-TTg Điều 9(2): khai trực tiếp)")
    declarations = [each for each in _directs(premises, cases) if each.carried]
    who = outage.callers(premises, declarations, "outage")
    outage.door_is_shut(premises, who, declarations[0], narrator)
    play.window.close()
    outage.break_down(broker, premises, narrator)
    decided = outage.declare_directly(play, premises, who, declarations, narrator)
    outage.is_private(premises, who, declarations, narrator)
    if not decided:
        return play
    decided.append(outage.complete_directly(play, premises, who, decided[0], narrator))
    outage.look_up(premises, who, decided, through=False, narrator=narrator)
    narrator.chapter("The window is back (khắc phục xong sự cố)")
    outage.come_back(broker, premises, narrator)
    play = players(premises, SingleWindow(premises.broker_url))
    came = transfers.arrive(play, decided, narrator)
    transfers.receipt(play, came)
    transfers.reconciled(premises, who, decided, narrator)
    outage.look_up(premises, who, decided, through=True, narrator=narrator)
    silence(play.window, narrator)
    return play


def records_hold(premises: Premises, narrator: Narrator) -> None:
    """The journal (sổ nhật ký) is chained: what was changed or left out afterwards would show."""
    found = nsw_adapter(premises, "journal", "verify")
    narrator.check(f"the journal's {found['chains']} chains hold, link by link", found["faults"])


def silence(window: SingleWindow, narrator: Narrator) -> None:
    """Nothing more may come: each message is answered once."""
    more = [read(each.body).answer for each in window.more(seconds=QUIET_SECONDS)]
    problems = [f"one answer too many: {each.pair} {each.content}" for each in more]
    narrator.check("then silence: no answer too many", problems)


def _officer(
    play: Play, premises: Premises, answered: Sequence[Line], act: Callable[[Premises, str, int], Any], wanted: Answer
) -> list[Line]:
    """An officer's act on each of these dossiers, and the signed reply that comes of it."""
    lines: list[Line] = []
    for line in answered:
        if line.found is None:
            continue
        asked = read(line.body)
        said = act(premises, asked.number, asked.year)
        request = Letter(b"", (asked.procedure, wanted.type, wanted.function), asked.answered_id or "")
        came = play.window.collect(1, seconds=COMPLETION_SECONDS)
        label = f"{asked.procedure} {asked.number}/{asked.year} {said['confirmation_number'] or ''}".rstrip()
        found = play.compare([Turn(label, request, wanted)], [0.0], came)
        lines += [replace(each, milliseconds=None) for each in found]  # the officer took his time
    return lines


def _accepted(cases: Sequence[Case]) -> list[Case]:
    """Of each procedure the first signed declaration that is accepted by the window's door without a remark."""
    first: dict[str, Case] = {}
    for case in cases:
        reply = case.expect.reply
        plain = case.channel == "window" and case.attack is None and case.signers.declarant and not case.before
        if plain and not case.expect.findings and reply and reply.content == "Acceptance":
            first.setdefault(case.procedure, case)
    return list(first.values())


def _waiting(cases: Sequence[Case]) -> list[Case]:
    """The first declaration of each procedure that waits for an officer's acceptance."""
    first: dict[str, Case] = {}
    for case in cases:
        reply = case.expect.reply
        alone = case.channel == "window" and case.expect.outcome == "accepted" and not case.before
        if alone and reply and (reply.type, reply.content) == (DECLARED, "Receipt"):
            first.setdefault(case.procedure, case)
    return list(first.values())


def _one_of_each_fault(cases: Sequence[Case]) -> list[Case]:
    """A refused one, one that no signature vouches for, one that cannot be read at all."""
    stages = {case.expect.stage: case for case in reversed(cases) if case.channel == "window" and case.expect.stage}
    return [stages[stage] for stage in (Stage.CHECK, Stage.VERIFY, Stage.OPEN) if stage in stages]
