"""The condition that a dossier is of one border unit, for every list that staff are shown."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, or_

from adapter.gateways.store.tables import dossier
from adapter.model.units import BorderUnit


def of_unit(unit: BorderUnit | None, row: FromClause = dossier) -> list[ColumnElement[bool]]:
    """That a dossier is of this unit: by its gate, and by the unit that it states where it has no gate.

    None: every unit. As `BorderUnits.of` finds the unit of one dossier. `row`: the dossiers in the statement.
    """
    if unit is None or unit.gates is None:
        return []
    without_gate = and_(row.c.gate.is_(None), row.c.unit == unit.code)
    return [or_(row.c.gate.in_(sorted(unit.gates)), without_gate)]
