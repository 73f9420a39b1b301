"""Identifiers of the field, each its own type so that none is mistaken for another."""

from __future__ import annotations

from typing import NamedTuple, NewType

MessageId = NewType("MessageId", str)
"""`Header/Reference/messageId`: at most 36 characters, unique per verified sender."""

Digest = NewType("Digest", str)
"""SHA-256, 64 lower-case hexadecimal digits."""

ProcedureCode = NewType("ProcedureCode", str)
"""`Subject/documentType`, e.g. BQP0100001."""

_YEAR = 4
"""Digits of a year."""


class DossierKey(NamedTuple):
    """A dossier (hồ sơ) is known by its number and its year (wire profile 3)."""

    number: str
    year: int

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"

    @classmethod
    def read(cls, stated: str) -> DossierKey | None:
        """The dossier named as `number/year`; None where the text is none."""
        number, _, year = stated.rpartition("/")
        fits = bool(number) and year.isascii() and year.isdigit() and len(year) == _YEAR
        return cls(number, int(year)) if fits else None
