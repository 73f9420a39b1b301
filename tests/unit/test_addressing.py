"""Whom an answer goes to: the header's own parties once it is verified, those that are configured before."""

from __future__ import annotations

import pytest

from adapter.model.header import Header, Party, Subject
from adapter.model.identifiers import DossierKey, ProcedureCode
from adapter.pipeline.addressing import Address, address

STRANGER, UNIT = Party("S", "S", "VN", "M", "O", "S-1"), Party("U", "U", "VN", "M", "O", "U-1")
OWN, WINDOW = Party("BQP", "BQP", "VN", "BQP", "BDBP"), Party("NSW", "NSW", "VN", "BTC", "TCHQ")
INSTEAD = Address(OWN, WINDOW, "BQP0100000", "10", DossierKey("0", 2026))
HEADER = Header(None, STRANGER, UNIT, Subject(ProcedureCode("BQP0100001"), "10", "01", "R1", 2026))


@pytest.mark.parametrize(("verified", "sender", "recipient"), [(True, UNIT, STRANGER), (False, OWN, WINDOW)])
def test_only_a_verified_header_says_whom_an_answer_goes_to(verified: bool, sender: Party, recipient: Party) -> None:
    made = address(INSTEAD, HEADER, verified=verified)
    assert (made.sender, made.recipient, made.key) == (sender, recipient, DossierKey("R1", 2026))


def test_without_a_header_all_of_it_is_what_is_configured() -> None:
    assert address(INSTEAD, None, verified=False) == INSTEAD
