"""What customs see of the persons and vehicles of a dossier: a list of values, in data, and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.model.procedure import Label

OUTSIDE = "outside"
"""In place of a group: the fields of a declaration that stand in none."""


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
    """Everything that customs see besides what a dossier itself says. Nothing where no list is stated."""

    persons: ShownList = ShownList()
    vehicles: ShownList = ShownList()
