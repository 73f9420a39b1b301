"""Search keys as they are stored and compared."""

from __future__ import annotations

from functools import lru_cache

from adapter.pipeline.names import folded

PAPER = "paper"
"""The kind that names an identity paper."""
LONGEST = 255
"""Letters of one."""


@lru_cache(maxsize=2048)  # who is stored is looked for too, in other groups and as declared twice
def search_value(kind: str, value: str) -> str:
    """A key as it is stored and asked for: accents folded, letters upper case, numbers without separators."""
    letters = folded(value)
    if kind == "name":
        return " ".join(letters.split())[:LONGEST]
    return letters[:LONGEST] if letters.isalnum() else "".join(char for char in letters if char.isalnum())[:LONGEST]
