"""Notices to the declarants of two dossiers of which one has ended because they declare the same, or goes on again."""

from __future__ import annotations

from datetime import datetime

from adapter.gateways.store import notifications
from adapter.gateways.store.database import Connection, Database
from adapter.model.dossier import Dossier
from adapter.model.notification import NotificationKind
from adapter.pipeline.envelope import hour_and_day
from adapter.services.notifications.telling import notification_rows


def tell_parties(
    connection: Connection,
    database: Database,
    kind: NotificationKind | None,
    ended: Dossier,
    stays: Dossier,
    at: datetime,
) -> None:
    """Tell declarants and principals of both, in the transaction of what they are told of.

    Said again after it was taken back it is another cause: its journal has gone on.
    """
    rows = notification_rows(
        kind,
        {*ended.identities, *stays.identities},
        cause=f"pair:{ended.id}:{ended.journal}",
        words={"other": str(stays.key), "at": hour_and_day(at)},
        at=at,
        dossier_id=ended.id,
    )
    notifications.add(connection, database, rows)
