"""The proof of the fixtures can fail: each fact, made wrong, is told with what was expected and what was got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapter.model.outcomes import Accepted, Parked, ParkedFor, Rejected
from tests.harness.fixtures import ExpectedDossier, load_cases
from tests.procedures import facts
from tests.procedures.settling import Judged, Settling

ACCEPTED = "BQP0100002/accepted-citizen-signed"
REFUSED = "BQP0100002/refused-nationality-not-vietnamese"
ASKED = "BQP0100001/asked-no-leader"
REJECTED = "BQP0100001/rejected-two-schema-faults"
Change = Callable[[Judged], Judged]


def told(**changes: Any) -> Change:
    return lambda judged: replace(judged, told=replace(judged.told, **changes))


def expecting(**changes: Any) -> Change:
    return lambda judged: replace(judged, case=replace(judged.case, expect=replace(judged.case.expect, **changes)))


def finding(**changes: Any) -> Change:
    def change(judged: Judged) -> Judged:
        first, *rest = judged.told.findings
        return told(findings=({**first, **changes}, *rest))(judged)

    return change


def read_as(name: str, value: Any) -> Change:
    def change(judged: Judged) -> Judged:
        assert isinstance(judged.outcome, Accepted)
        declaration = judged.outcome.declaration
        values = {**declaration.values, name: value}
        return replace(judged, outcome=replace(judged.outcome, declaration=replace(declaration, values=values)))

    return change


def without_grounds(judged: Judged) -> Judged:
    (reply,) = judged.told.replies
    before, opening, rest = reply.partition(b"<LegalGround>")
    assert opening
    return told(replies=(before + opening + rest[rest.index(b"</LegalGround>") :],))(judged)


DEFECT = Parked(None, "a defect", ParkedFor.DEFECT)


def of(settling: Settling, name: str) -> Judged:
    return settling.of(next(case for case in load_cases() if case.id == name))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (ACCEPTED, told(word="refused"), "expected accepted, got refused"),
        (ACCEPTED, lambda judged: replace(told(word="parked")(judged), outcome=DEFECT), "(a defect)"),
        (REJECTED, told(findings=()), "expected 1 times, got 0"),
        (REJECTED, finding(pointer="/Envelope"), " /Envelope: expected 0 times, got 1"),
        (REJECTED, finding(code="BQP999"), "no public number: BQP999"),
        (REJECTED, finding(vi=" "), "is not stated in both languages"),
        (REJECTED, finding(en="–"), "a word of the text was not filled"),
        (REFUSED, finding(en="documentNumber is wrong"), "names ['documentNumber'], which only the mapping does"),
        (REFUSED, finding(en="a=b"), "says `=`"),
        (REJECTED, finding(line=0), "no line for /Envelope"),
        (ACCEPTED, read_as("fullName", "SOMEBODY ELSE"), "read 'SOMEBODY ELSE'"),
        (ACCEPTED, lambda judged: replace(judged, outcome=Rejected), "a record was expected"),
        (
            ACCEPTED,
            expecting(dossier=ExpectedDossier(state="completed", version=9, versions=9, values={"fullName": "NOBODY"})),
            "dossier, fullName: expected 'NOBODY'",
        ),
        (ACCEPTED, told(replies=()), "expected 1 replies, got 0"),
        (ASKED, lambda judged: told(replies=judged.told.replies[:1])(judged), "expected 2 replies, got 1"),
        (
            ASKED,
            lambda judged: told(replies=judged.told.replies[:1] * 2)(judged),
            "expected 20/25 after the acceptance",
        ),
        (ASKED, expecting(request=("/Envelope/Body",)), "form 13: expected items at ['/Envelope/Body']"),
        (ACCEPTED, lambda judged: told(replies=judged.told.replies * 2)(judged), "expected 1 replies, got 2"),
        (ACCEPTED, lambda judged: replace(judged, verified=()), "1 replies were not verified"),
        (ACCEPTED, lambda judged: replace(judged, verified=(False,)), "signature does not verify"),
        (REFUSED, without_grounds, "legal ground: expected NĐ 85/2019/NĐ-CP"),
    ],
)
def test_a_wrong_fact_is_told(name: str, change: Change, said: str, settling: Settling) -> None:
    judged = of(settling, name)
    assert facts.faults(judged, settling.whole) == []
    assert said in "; ".join(facts.faults(change(judged), settling.whole))


def test_a_called_canary_is_told(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "heard", lambda: True)
    assert facts.faults(of(settling, ACCEPTED), settling.whole) == ["somebody called the canary"]


def test_all_wrong_facts_are_told_at_once(settling: Settling) -> None:
    wrong = told(word="accepted", findings=(), replies=())(of(settling, REJECTED))
    assert len(facts.faults(wrong, settling.whole)) >= 3


def test_a_fixture_that_breaks_the_harness_fails_itself_and_no_neighbour(settling: Settling) -> None:
    good, broken = (next(case for case in load_cases() if case.id == name) for name in (ACCEPTED, REFUSED))
    broken = replace(broken, id="broken", message=b"not signed by anybody")
    with pytest.raises(Exception, match=r"Start tag"):
        settling.of(broken)
    assert facts.faults(settling.of(good), settling.whole) == []
