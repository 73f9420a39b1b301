"""Which reply of ours a 99 or 00 of the window answers: what it states under its signature counts first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from lxml import etree

from adapter.gateways.store import replies
from adapter.services.messages import window_notices


@pytest.mark.parametrize(
    ("signed", "claimed", "asked"),
    [("m-1", "m-2", "m-1"), ("m-1", None, "m-1"), (None, "m-2", "m-2"), (None, None, None)],
)
def test_what_is_signed_counts_before_what_the_transport_claims(
    monkeypatch: pytest.MonkeyPatch, signed: str | None, claimed: str | None, asked: str | None
) -> None:
    named: list[str | None] = []
    monkeypatch.setattr(replies, "answered", lambda _, **said: named.append(said["message_id"]))
    stated = f"<InReplyTo><MessageId>{signed}</MessageId></InReplyTo>" if signed else ""
    envelope = etree.fromstring(f"<Envelope><Body><Content><Receipt>{stated}</Receipt></Content></Body></Envelope>")
    subject = SimpleNamespace(document_type="BQP0100002", type="20", reference="HS1")
    verified = SimpleNamespace(header=SimpleNamespace(subject=subject), element=envelope)
    submission = SimpleNamespace(correlation_id=claimed)
    window_notices.note_answer(cast(Any, SimpleNamespace(connection=None)), cast(Any, verified), cast(Any, submission))
    assert named == [asked]
