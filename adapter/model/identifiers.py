"""Identifiers of the field, each its own type so that none is mistaken for another."""

from __future__ import annotations

from typing import NamedTuple, NewType

MessageId = NewType("MessageId", str)
"""`Header/Reference/messageId`: at most 36 characters, unique per verified sender."""

Digest = NewType("Digest", str)
"""SHA-256, 64 lower-case hexadecimal digits."""

ProcedureCode = NewType("ProcedureCode", str)
"""`Subject/documentType`, e.g. BQP0100001."""


class DossierKey(NamedTuple):
    """A dossier (hồ sơ) is known by its number and its year (wire profile 3)."""

    number: str
    year: int

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"
