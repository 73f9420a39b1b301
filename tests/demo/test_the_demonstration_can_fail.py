"""The demonstration's own judgement: what is wrong with an answer is seen, said, and makes the exit code non-zero."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from adapter.simulator.sign import sign_message
from adapter.simulator.window import Letter
from tests.demo import __main__ as demonstration
from tests.demo.table import Narrator
from tests.harness.expectations import Answer, differences, read
from tests.harness.pki import shared_pki
from tests.harness.play import Play, Turn, players
from tests.harness.premises import furnish
from tests.harness.single_window import Received, SingleWindow

_REQUEST = "11111111-1111-4111-8111-111111111111"
_FINDING = ("BQP204", "/Envelope/Header/Reference/messageId")
_RECEIPT = Answer("90", "99", "Receipt")
_ERRORS = Answer("10", "00", "Errors", frozenset({_FINDING}))
_SUBJECT = "<documentType>BQP0100000</documentType><reference>1</reference><documentYear>2026</documentYear>"


@dataclass
class Answering:
    """A window whose answers are at hand whatever is sent."""

    answers: list[Received]

    def publish(self, letter: Letter) -> float:
        return 0.0

    def collect(self, count: int, *, seconds: float) -> list[Received]:
        return self.answers


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> Play:
    premises = furnish(tmp_path_factory.mktemp("demo"))
    return players(premises, cast(SingleWindow, Answering([])))


def reply(
    *, to: str = _REQUEST, signer: str = "system", findings: str = "", pair: tuple[str, str] = ("90", "99")
) -> Received:
    """A reply as the adapter would sign it, or as another party does."""
    content = "Errors" if pair[1] == "00" else "Receipt"
    inside = f"<InReplyTo><MessageId>{to}</MessageId><Digest>00</Digest></InReplyTo>{findings}"
    unsigned = (
        f"<Envelope><Header><Subject>{_SUBJECT}<type>{pair[0]}</type><function>{pair[1]}</function></Subject></Header>"
        f"<Body><Content><{content}>{inside}</{content}></Content></Body><SystemSignature/></Envelope>"
    )
    body = sign_message(unsigned.encode(), system=shared_pki().party(signer), declarant=None)
    return Received(body, to, 0.1)


def problems(means: Play, wanted: Answer, *answers: Received) -> list[str]:
    """What the demonstration says of these answers to one message."""
    turn = Turn("case", Letter(b"<Envelope/>", ("BQP0100000", "90", "01"), _REQUEST), wanted)
    play = replace(means, window=cast(SingleWindow, Answering(list(answers))))
    return [problem for line in play.exchange([turn]) for problem in line.problems]


def test_the_right_answer_passes(means: Play) -> None:
    assert problems(means, _RECEIPT, reply()) == []


def test_a_missing_answer_is_a_fault(means: Play) -> None:
    assert problems(means, _RECEIPT) == ["no answer came"]


def test_a_second_answer_is_one_too_many(means: Play) -> None:
    assert problems(means, _RECEIPT, reply(), reply()) == ["one answer too many"]


def test_an_answer_to_nothing_that_was_sent_is_one_too_many(means: Play) -> None:
    stranger = reply(to="22222222-2222-4222-8222-222222222222")
    assert problems(means, _RECEIPT, reply(), stranger) == ["one answer too many"]


def test_another_party_s_signature_is_a_fault(means: Play) -> None:
    assert problems(means, _RECEIPT, reply(signer="portal")) == ["xmlsec1: the system signature does not verify"]


def test_a_correlation_id_that_the_signed_reply_does_not_bear_out_is_a_fault(means: Play) -> None:
    moved = replace(reply(to="22222222-2222-4222-8222-222222222222"), correlation_id=_REQUEST)
    assert len(problems(means, _RECEIPT, moved)) == 1


def test_an_error_list_in_place_of_a_receipt_is_a_fault(means: Play) -> None:
    assert problems(means, _RECEIPT, reply(pair=("90", "00"))) == ["expected 90/99 Receipt, got 90/00 Errors"]


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ("", "finding missing: BQP204 /Envelope/Header/Reference/messageId"),
        ("<ErrorList><Error><ErrorCode>BQP204</ErrorCode><Pointer>/</Pointer></Error></ErrorList>", "BQP204 /"),
    ],
)
def test_another_finding_or_another_place_is_a_fault(stated: str, fault: str) -> None:
    found = read(reply(pair=("10", "00"), findings=stated).body).answer
    assert any(each.endswith(fault) for each in differences(_ERRORS, found))


def test_without_fixtures_the_demonstration_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(demonstration, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(demonstration, "load_cases", list)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the session's own handlers stay
    assert demonstration.main() == 1
    assert "there are no fixtures" in capfd.readouterr().out


def test_one_wrong_answer_makes_the_exit_code_non_zero(means: Play) -> None:
    narrator = Narrator()
    turn = Turn("case", Letter(b"<Envelope/>", ("BQP0100000", "90", "01"), _REQUEST), _RECEIPT)
    right = replace(means, window=cast(SingleWindow, Answering([reply()])))
    narrator.table("answered", right.exchange([turn]))
    assert demonstration.verdict(narrator, 1.0, 0.0) == 0
    narrator.table("silent", means.exchange([turn]))
    assert demonstration.verdict(narrator, 1.0, 0.0) == 1


def test_nothing_shown_is_no_success() -> None:
    assert demonstration.verdict(Narrator(), 1.0, 0.0) == 1
