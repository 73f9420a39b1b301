"""Lists as long as life has them: a ferry's two thousand passengers pass every bound of the shipped configuration."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from hashlib import sha256

import pytest

from adapter.bootstrap import Components
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Parked, word
from adapter.model.stages import Channel, Submission
from adapter.services.messages.judging import judged
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.pki import shared_pki

FERRY = "BQP0100007/accepted-arrival-with-passengers"
MOST = 2000
"""Rows that the XSD of a ship's form takes."""


def ferry(passengers: int) -> Case:
    """A ship with so many passengers, each with a paper of his own."""
    case = next(each for each in load_cases() if each.id == FERRY)
    text = case.message.decode()
    rows = re.findall(r"[ ]*<Passenger>.*?</Passenger>\n", text, re.DOTALL)
    many = "".join(_row(rows[0], number) for number in range(1, passengers + 1))
    text = re.sub(r"<NumberOfPassengers>\d+<", f"<NumberOfPassengers>{passengers}<", text.replace("".join(rows), many))
    return replace(case, message=text.encode())


def _row(row: str, number: int) -> str:
    row = re.sub(r"<PassengerCode>\d+<", f"<PassengerCode>{number}<", row)
    return re.sub(r"<SerialNumberOfIdentity>\d+<", f"<SerialNumberOfIdentity>{number:012}<", row)


@pytest.mark.parametrize("escaped", [0, 2])
def test_a_ferry_with_two_thousand_passengers_is_accepted(whole: Components, escaped: int) -> None:
    raw = signed(ferry(MOST), shared_pki())
    for _ in range(escaped):
        raw = html.escape(raw.decode(), quote=False).encode()

    assert word_of(whole, raw) == ("accepted", [])


def test_one_passenger_more_is_told_and_nothing_waits_for_it(whole: Components) -> None:
    word, found = word_of(whole, signed(ferry(MOST + 1), shared_pki()))

    assert (word, found) == ("rejected", ["schema_unexpected"])


def word_of(whole: Components, raw: bytes) -> tuple[str, list[str]]:
    """How judging ends, and what is found."""
    outcome = judged(Submission(raw, Channel.WINDOW, CLOCK, Digest(sha256(raw).hexdigest())), whole.ground)
    assert not isinstance(outcome, Parked), outcome
    return word(outcome), sorted({finding.name for finding in outcome.findings})
