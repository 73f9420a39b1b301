"""The values of persons and vehicles that customs see: a closed list, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.model.procedure import Label

OUTSIDE = "outside"
"""Instead of a group: the fields of a declaration outside all groups."""


class Show(StrEnum):
    """How much of a value is shown."""

    WHOLE = "whole"
    YEAR = "year"
    """Of a date its year."""


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One value: its name in the interface, its label, and the names that fields have for it in the mappings."""

    name: str
    label: Label
    fields: tuple[str, ...]
    show: Show


@dataclass(frozen=True, slots=True)
class ShownList:
    """Persons, or vehicles: in which groups of a declaration they stand (`OUTSIDE`: in none)."""

    groups: tuple[str, ...] = ()
    columns: tuple[ShownColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomsView:
    """The whole list. Empty: customs see no persons and no vehicles."""

    persons: ShownList = ShownList()
    vehicles: ShownList = ShownList()
