"""What the harness raises when a proof or the demonstration cannot go on."""

from __future__ import annotations


class CannotGoOn(RuntimeError):
    """Something that was needed could not be had; the text says what to look at."""
