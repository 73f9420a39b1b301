"""Time limits that run, of dossiers, as pages tell them: also what becomes of an hour to amend while its declarant is
suspended (as configured: `accounts.running_hour`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapter.gateways.store import own_dossiers, suspensions
from adapter.gateways.store.database import Connection
from adapter.gateways.store.deadline_records import LimitOfDossier
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.gateways.store.suspensions import Suspension
from adapter.model.catalogue import Catalogue
from adapter.pipeline.terms import AMEND_WITHIN
from adapter.services.dossiers.own_records import RunningLimit


def running_limits(
    connection: Connection, rows: Sequence[StoredDossier], catalogue: Catalogue
) -> Mapping[int, Sequence[RunningLimit]]:
    """The running time limits of each of these dossiers, those that end first first."""
    by_id = {row.id: row for row in rows}
    limits = own_dossiers.limits(connection, list(by_id))
    hours = [each for each in limits if each.kind == AMEND_WITHIN and each.started_at is not None]
    stated = suspensions.current(connection, {number for each in hours for number in by_id[each.dossier_id].identities})
    found: dict[int, list[RunningLimit]] = {}
    for each in limits:
        stops = each in hours and _stops(stated, by_id[each.dossier_id], each)
        limit = RunningLimit(each.name, each.kind, each.party, each.due_at, catalogue.hour_stands if stops else None)
        found.setdefault(each.dossier_id, []).append(limit)
    return found


def _stops(stated: Sequence[Suspension], row: StoredDossier, hour: LimitOfDossier) -> bool:
    """Whether its declarant was suspended before the hour was over, and still is."""
    found = suspensions.stopping(stated, row.identities, row.unit)
    return any(hour.due_at is not None and each.since < hour.due_at for each in found)
