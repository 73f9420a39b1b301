"""The condition that a dossier is of one border unit, for every list that staff are shown."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from adapter.gateways.store.tables import dossier
from adapter.model.units import BorderUnit


def of_unit(unit: BorderUnit | None) -> list[ColumnElement[bool]]:
    """That a dossier is of this unit: by its gate, and by the unit that it states where it has no gate.

    None: every unit. As `BorderUnits.of` finds the unit of one dossier.
    """
    if unit is None or unit.gates is None:
        return []
    without_gate = and_(dossier.c.gate.is_(None), dossier.c.unit == unit.code)
    return [or_(dossier.c.gate.in_(sorted(unit.gates)), without_gate)]
