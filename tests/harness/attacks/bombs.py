"""Class 11: small to send, dear to read. Made when needed, and refused before it costs anything."""

from __future__ import annotations

from tests.harness.attacks.attack import sent

_DEEPER_THAN_ALLOWED = 150


@sent
def nest_deeply(message: bytes) -> bytes:
    """Elements inside Content deeper than any form goes."""
    levels = _DEEPER_THAN_ALLOWED
    return message.replace(b"</Content>", b"<x>" * levels + b"</x>" * levels + b"</Content>", 1)
