"""Declarations by number for the proofs: a citizen's form 11, sealed by the window, each with ids of its own.

The expected time lies months after the clock of the fixtures: by it none is late, and none too far ahead. Must never be
taken for a fixture: the fixtures say what is right.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adapter.simulator.sign import sign_message
from tests.harness.fixtures import FIXTURES
from tests.harness.pki import shared_pki

PROCEDURE = "BQP0100002"
_TEMPLATE = FIXTURES / PROCEDURE / "accepted-citizen-unsigned" / "message.xml"
_HEARTBEAT = FIXTURES / "BQP0100000" / "accepted-heartbeat" / "message.xml"


@dataclass(frozen=True, slots=True)
class Message:
    """A signed message as it is published."""

    message_id: str
    reference: str
    key: str
    """Its routing key."""
    raw: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def declaration(
    number: int | str,
    *,
    reference: str | None = None,
    function: str = "01",
    purpose: str = "Thăm thân",
    paper: str = "C1234567",
    arrival: str = "2026-08-01",
    sent: str = "2026-03-02 07:14:58",
    gate: str = "HUUNGHI",
    signer: str | None = "nsw",
) -> Message:
    """Declaration `number`; with another `function` or `reference` a replacement, or a rival for the same dossier.

    `gate` is its gate's code; the unit of that gate is the one after CK-.
    """
    message_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"proof:{number}"))
    reference = reference or f"PROOF{number}"
    changes = {
        "aa744b44-f18a-4042-8ff4-841f2302d033": message_id,
        "BQP2026000201": reference,
        "<function>01</function>": f"<function>{function}</function>",
        "<sendDate>2026-03-02 07:14:58": f"<sendDate>{sent}",
        "<ExpectedArrival>2026-03-02": f"<ExpectedArrival>{arrival}",
        "<ExpiryDate>2031": "<ExpiryDate>2044",
        "<ExpectedReturn>2026": "<ExpectedReturn>2043",
        "Thăm thân": purpose,
        "C1234567": paper,
        "HUUNGHI": gate,
    }
    return Message(message_id, reference, f"{PROCEDURE}.10.{function}", _signed(_text(_TEMPLATE), changes, signer))


def declarations(first: int, count: int) -> list[Message]:
    """`count` declarations for as many dossiers."""
    return [declaration(number) for number in range(first, first + count)]


def for_the_second_door(number: int) -> bytes:
    """Without a dossier number and without a seal, as a declarant sends it there."""
    raw = re.sub(rb">PROOFDIRECT[0-9]+<", b"><", declaration(f"DIRECT{number}", signer=None).raw)
    return re.sub(rb"<Dossier(Number|Year)>[^<]*</Dossier(Number|Year)>", b"", raw)


def heartbeat(number: int) -> Message:
    """90/01, which is answered 90/99."""
    message_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"heartbeat:{number}"))
    changes = {"4984f35e-f2d1-47ce-b6ed-b1f94968a0a4": message_id}
    return Message(message_id, "NSW2026000901", "BQP0100000.90.01", _signed(_text(_HEARTBEAT), changes, "nsw"))


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _signed(text: str, changes: dict[str, str], signer: str | None) -> bytes:
    for old, new in changes.items():
        assert old in text, f"the template has no {old}"
        text = text.replace(old, new)
    if signer is None:
        return text.encode()
    return sign_message(text.encode(), system=shared_pki().party(signer), declarant=None)
