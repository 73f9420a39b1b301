"""Personal numbers and tax codes as officers type them, checked before they are kept."""

from __future__ import annotations

import re

from stdnum.vn import mst

from adapter.model.errors import NotAllowed
from adapter.pipeline.trust.holder import plain

LARGEST_ID = 2**63
"""Ids are below it: a column of the database holds no more."""
PERSONAL = re.compile(r"[0-9]{12}")
"""A personal number; a tax code has 10 or 13 digits."""


def number_of(text: str) -> str:
    """A personal number (12 digits) or tax code (10 digits, or 13 of a branch), in the one spelling that is compared.

    Raises:
        NotAllowed: it is neither, or the tax code's check digit is wrong.
    """
    number = plain(text.replace(" ", ""))
    if PERSONAL.fullmatch(number):
        return number
    if not re.fullmatch(r"[0-9]{10}(-[0-9]{3})?", number):
        raise NotAllowed(
            f"{text!r} is no personal number (12 digits) and no tax code (10 digits, or 13 of a branch: 0100109106-001)"
        )
    if not mst.is_valid(number):
        raise NotAllowed(f"{text!r} is no tax code: its check digit is wrong; compare it with the paper")
    return number
