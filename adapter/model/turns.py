"""For whom a dossier waits: what a work list is divided by."""

from __future__ import annotations

from enum import StrEnum


class WorkTurn(StrEnum):
    """Which dossiers are listed; the value is what an address says."""

    UNIT = "don-vi"
    """The border guard has to do something within a time limit, the one that ends first before the others."""
    DECLARANT = "nguoi-khai"
    """The declarant has."""
    LEAVING = "dang-gui"
    """The confirmation is signed and has not left yet."""
    NEWEST = "moi-nhat"
    """All that came lately, the newest first."""
