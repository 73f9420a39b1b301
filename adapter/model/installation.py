"""The installation's own parties (config.yaml, `installation`): values of every reply's header."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapter.model.header import Party
from adapter.model.units import NO_UNITS, BorderUnit, BorderUnits


@dataclass(frozen=True, slots=True)
class Installation:
    """Our own party, the window's, and the words of who accepts."""

    own: Party
    window: Party
    portal: Party
    organization: str
    division: str
    accepter: str
    placeholder_document_type: str
    """documentType of an answer to a message whose header cannot be read, or not be repeated."""
    placeholder_type: str
    """And its type."""
    placeholder_reference: str
    """Its dossier number, which belongs to no dossier."""
    refusal_ground: str
    """The legal ground a rule's refusal names (NĐ 85/2019 Article 19(2)(b))."""
    number_code: str = ""
    """Part of our own numbers where no unit is known."""
    units: BorderUnits = NO_UNITS

    def of_unit(self, unit: BorderUnit | None) -> Installation:
        """The installation in the name of one of its units: unit code, division, numbers.

        Where no unit is known, and where none are stated, in its own name.
        """
        if unit is None or not unit.is_stated:
            return self
        own = replace(self.own, unit_code=unit.code)
        return replace(self, own=own, division=unit.division, number_code=unit.number_code)
