"""What a declarant is told of a draft that he has sent, in one word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.model.finding import Severity, StatedFinding
from adapter.services.door.draft import Sent

AT = datetime(2026, 3, 2, tzinfo=UTC)
INACCURATE = StatedFinding("BQP304", "date_order", "/Envelope", 1, Severity.REQUEST, "sai", "wrong")


@pytest.mark.parametrize(
    ("outcome", "state", "word"),
    [
        ("accepted", "accepted", "accepted"),
        ("accepted", "amendment_requested", "asked"),
        ("accepted", "received", "taken"),
        ("accepted", "confirmation_sent", "accepted"),
        ("refused", "refused", "refused"),
        ("rejected", "rejected", "rejected"),
        (None, "waiting", "waiting"),
        (None, "parked", "parked"),
    ],
)
def test_what_an_officer_has_yet_to_accept_is_not_called_accepted(outcome: str | None, state: str, word: str) -> None:
    """NĐ 85/2019/NĐ-CP Article 20(2): the receipt is not the acceptance, and this no request to amend."""
    assert Sent("m", state, outcome, "BP26/2026", AT, (INACCURATE,)).became == word


def test_what_waits_for_an_officer_s_approval_is_not_called_asked() -> None:
    assert Sent("m", "amendment_requested", "accepted", "BP26/2026", AT, ()).became == "accepted"
