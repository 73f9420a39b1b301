"""An amendment asked and answered (Article 11): form 13, form 14, form 15, and both versions kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adapter.bootstrap import assemble
from adapter.model.identifiers import DossierKey
from adapter.simulator.window import Letter
from tests.demo.commands import complete, request_amendment
from tests.demo.table import Narrator
from tests.harness.commands import nsw_adapter
from tests.harness.expectations import Answer, expected, read
from tests.harness.fixtures import Act, Case, signed
from tests.harness.history import Desk, dossier_of, told_again
from tests.harness.play import Line, Play, Turn
from tests.harness.premises import Premises
from tests.harness.single_window import letter

ANSWER_SECONDS = 180.0
FORM_13 = Answer("20", "25", "AmendmentRequest")
FORM_15 = Answer("30", "28", "Completion")


def played(play: Play, premises: Premises, cases: Sequence[Case], narrator: Narrator) -> None:
    """A declaration, the officer's request, the declarant's amendment, the confirmation of it."""
    by_id = {case.id: case for case in cases}
    case = _asked_for(cases)
    key = dossier_of(case.message)
    lines = play.exchange([_turn(play, told_again(case, 0, by_id), "form 07")])
    lines += _act(play, premises, key, "form 13, asked for by an officer", FORM_13, request_amendment)
    answer = Desk(assemble(premises.config)).filled(case)
    lines += play.exchange([_turn(play, answer, "form 14, the answer")])
    lines += _act(play, premises, key, "form 15, confirmed by an officer", FORM_15, complete)
    narrator.table("An amendment is asked for and answered (sửa đổi, bổ sung; Điều 11):", lines)
    kept = nsw_adapter(premises, "dossier", "versions", key.number, str(key.year))["columns"]
    problems = [] if len(kept) == 2 else [f"{len(kept)} versions are kept, and there were two"]
    narrator.check("both versions are kept as evidence (Điều 11(2)(b))", problems)


def _asked_for(cases: Sequence[Case]) -> Case:
    """The first amendment that an officer asks for right after the declaration, and that is accepted."""

    def fits(case: Case) -> bool:
        acts = [step.act for step in case.before]
        is_amendment = b"<type>11</type>" in case.message
        return acts == [None, Act.REQUEST] and case.channel == "window" and is_amendment and _is_in_order(case)

    return next(case for case in cases if fits(case))


def _is_in_order(case: Case) -> bool:
    """Accepted, in force at once, and nothing more is asked for."""
    expect = case.expect
    in_force = expect.dossier is not None and expect.dossier.state == "amended"
    return expect.outcome == "accepted" and in_force and not expect.request


def _turn(play: Play, case: Case, label: str) -> Turn:
    return Turn(f"{case.procedure} {label}", letter(case.message, signed(case, play.pki)), expected(case, play.texts))


def _act(
    play: Play,
    premises: Premises,
    key: DossierKey,
    label: str,
    wanted: Answer,
    act: Callable[[Premises, str, int], Any],
) -> list[Line]:
    """An officer's act, and the one signed message that comes of it, whatever it answers."""
    act(premises, key.number, key.year)
    came = play.window.collect(1, seconds=ANSWER_SECONDS)
    answers = read(came[0].body) if came else None
    procedure, request = (answers.procedure, answers.answered_id or "") if answers else ("", "")
    turn = Turn(f"{procedure} {label}", Letter(b"", (procedure, wanted.type, wanted.function), request), wanted)
    return [replace(line, milliseconds=None) for line in play.compare([turn], [0.0], came)]
