"""The hour of a request to amend that stands still while its declarant is suspended, where that is configured.

The register of suspensions says when it stood still, so its end is reckoned anew from there at each look, and no look
is needed at the moment of a suspension or of a restoration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from adapter.gateways.store import suspensions
from adapter.gateways.store.deadline_records import HourToAmend
from adapter.gateways.store.deadlines import OPEN
from adapter.gateways.store.records import made_all
from adapter.gateways.store.suspensions import Suspension
from adapter.gateways.store.tables import deadline, dossier
from adapter.model.duties import Unit
from adapter.pipeline.terms import AMEND_WITHIN, Pause, Terms, with_pauses


def pauses(found: Iterable[Suspension], identities: Collection[str], unit: str | None) -> list[Pause]:
    """When whoever has these numbers could send nothing about a dossier of that unit."""
    stopping = suspensions.stopping(found, identities, unit)
    return [(each.since, each.lifted_at) for each in stopping]


def stand(connection: Connection, terms: Terms, now: datetime, *, dossier_id: int | None = None) -> None:
    """Move the end of each running hour behind the time in which it stood still; of one dossier or of all.

    One that was over is not looked at again: what begins later changes nothing of it.
    """
    if not terms.hour_stands:
        return
    hours = _running(connection, dossier_id)
    found = suspensions.of_numbers(connection, {number for each in hours for number in each.identities})
    for each in hours:
        assert each.started_at is not None, "the statement gives no other"
        whole = terms.due(each.amount, Unit(each.unit), each.started_at)
        if whole is None:
            continue
        due = with_pauses(each.started_at, whole, pauses(found, each.identities, each.at_unit), now)
        if due == each.due_at:
            continue
        # Warnings count from when the request was made (`Terms.term`), and are late by the same time.
        watched = terms.due(each.amount, Unit(each.unit), each.noticed_at) or whole
        later, warn = due - whole, terms.warn_at(each.noticed_at, watched)
        moved = {"due_at": due, "alert_due_at": watched + later, "warn_at": warn + later}
        connection.execute(update(deadline).where(deadline.c.id == each.id).values(moved))


def _running(connection: Connection, dossier_id: int | None) -> list[HourToAmend]:
    running = (OPEN, deadline.c.kind == AMEND_WITHIN, deadline.c.started_at.is_not(None))
    query = (
        select(deadline, dossier.c.identities, dossier.c.unit.label("at_unit"))
        .join(dossier, dossier.c.id == deadline.c.dossier_id)
        .where(*running, deadline.c.breached_at.is_(None))
    )
    if dossier_id is not None:
        query = query.where(deadline.c.dossier_id == dossier_id)
    return made_all(HourToAmend, connection.execute(query))
