"""Who we are, as the configuration states it: the installation, its units, and whom it talks to."""

from __future__ import annotations

from adapter.model.header import Party
from adapter.model.installation import Installation
from adapter.model.units import BorderUnit, BorderUnits
from adapter.settings import PartySettings, Settings


def installation(settings: Settings) -> Installation:
    """Who we are and whom we talk to, as the configuration states it."""
    stated = settings.installation

    def party(part: PartySettings) -> Party:
        return Party(**part.model_dump())

    return Installation(
        own=party(stated.own),
        window=party(stated.window),
        portal=party(stated.portal),
        organization=stated.organization,
        division=stated.division,
        accepter=stated.accepter,
        placeholder_document_type=stated.placeholder_document_type,
        placeholder_type=stated.placeholder_type,
        placeholder_reference=stated.placeholder_reference,
        refusal_ground=stated.refusal_ground,
        number_code=stated.contingency_unit,
        units=_units(settings),
    )


def _units(settings: Settings) -> BorderUnits:
    """The units that are stated; an installation that states none is one unit, with every gate."""
    stated, own = settings.installation, settings.installation.own.unit_code or ""
    if not settings.units:
        alone = BorderUnit(own, stated.division, stated.division, stated.contingency_unit, None)
        return BorderUnits((alone,))
    return BorderUnits(
        tuple(
            BorderUnit(code, unit.name, unit.division, unit.in_numbers(code), frozenset(unit.gates), unit.telephone)
            for code, unit in settings.units.items()
        )
    )
