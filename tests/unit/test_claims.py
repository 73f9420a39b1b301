"""What the operator is told of a message that nobody could judge: whom to ask, by which number."""

from __future__ import annotations

import pytest

from adapter.pipeline.claims import HEAD, HeaderClaims, claimed
from tests.harness.fixtures import load_cases

CASE = next(case for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")


def test_the_header_of_a_genuine_message_is_read() -> None:
    read = claimed(CASE.message)
    assert read.dossier == "BQP2026000101/2026"
    for name, value in (("messageId", read.message_id), ("sendDate", read.sent_at)):
        assert f"<{name}>{value}</{name}>".encode() in CASE.message


@pytest.mark.parametrize(
    ("raw", "claims"),
    [
        (b"", HeaderClaims()),
        (b"\xff\xfe\x00 no XML at all", HeaderClaims()),
        (b"<Envelope><Header><messageId>M-1</messageId><Subject><reference>D1</ref", HeaderClaims(message_id="M-1")),
        (b"<reference> D1 </reference>", HeaderClaims(dossier="D1")),
        (b"<reference>D1</reference><documentYear>2026</documentYear>", HeaderClaims(dossier="D1/2026")),
        (b"<messageId>" + b"M" * 101 + b"</messageId>", HeaderClaims()),
        (b"<messageId><x/></messageId>", HeaderClaims()),
        (b"<sendDate>\xff</sendDate>", HeaderClaims(sent_at="\N{REPLACEMENT CHARACTER}")),
        (b" " * HEAD + b"<messageId>M-1</messageId>", HeaderClaims()),
    ],
    ids=["empty", "binary", "cut off", "no year", "both", "too long", "an element", "no UTF-8", "far behind"],
)
def test_what_is_broken_is_read_as_far_as_it_can_be(raw: bytes, claims: HeaderClaims) -> None:
    assert claimed(raw) == claims
