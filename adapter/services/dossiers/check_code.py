"""The check code of a printed confirmation: anybody can check whether we signed it. No personal data.

The code is the beginning of the digest of the signed reply: it cannot be guessed and shows no data.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import own_dossiers as store
from adapter.gateways.store.database import Database
from adapter.model.dossier import DossierState

DIGITS = 16
"""Hexadecimal digits of a code: 64 bits."""


def check_code(digest: str) -> str:
    """The code of what was signed, by its SHA-256, in groups of four: `6BD7 F489 F340 847C`."""
    shown = digest[:DIGITS].upper()
    return " ".join(shown[place : place + 4] for place in range(0, DIGITS, 4))


@dataclass(frozen=True, slots=True)
class CheckedConfirmation:
    """A confirmation that we have signed. `is_newest`: its dossier has none that is newer.

    `is_withdrawn`: the declarant has withdrawn what it confirms (ships: TT 49/2017/TT-BQP Article 16).
    """

    number: str
    signed_at: datetime
    is_newest: bool
    is_withdrawn: bool = False


@dataclass(frozen=True)
class ConfirmationChecks:
    """Compares number and code."""

    database: Database

    def of(self, number: str, code: str) -> CheckedConfirmation | None:
        """The confirmation, or None where number and code do not belong together or it was taken back.

        Raises:
            Unavailable: the store is away.
        """
        typed = re.sub(r"[\s-]", "", code).lower()
        with self.database.reading() as connection:
            row = store.confirmed(connection, number.strip().upper())
        if row is None or row.taken_back_at is not None:
            return None
        if not hmac.compare_digest(typed.encode(), row.digest[:DIGITS].encode()):
            return None
        return CheckedConfirmation(
            number=row.number,
            signed_at=row.created_at,
            is_newest=row.confirmation_number == row.number,
            is_withdrawn=row.state == DossierState.WITHDRAWN.value,
        )
