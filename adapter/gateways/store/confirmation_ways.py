"""How far the newest confirmation of a dossier has come, as a condition: a list is narrowed to what it shows."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, case, func, select

from adapter.gateways.store.replies import SENT_AT
from adapter.gateways.store.tables import confirmation, dossier, outbox
from adapter.model.dossier import ConfirmationWay

_WAY = case(
    (outbox.c.delivered_at.is_not(None), ConfirmationWay.DELIVERED.value),
    (SENT_AT.is_not(None), ConfirmationWay.SENT.value),
    else_=ConfirmationWay.SIGNED.value,
)
_NEWEST = (
    select(_WAY)
    .select_from(confirmation.join(outbox, outbox.c.id == confirmation.c.outbox_id))
    .where(confirmation.c.dossier_id == dossier.c.id, outbox.c.taken_back_at.is_(None))
    .order_by(outbox.c.ordinal.desc())
    .limit(1)
    .correlate(dossier)
    .scalar_subquery()
)
"""The same confirmation as `lookups.confirmations` gives last."""


def has_come_so_far() -> ColumnElement[bool]:
    """That the newest confirmation of a dossier has come as far as the parameter `way` says (`ConfirmationWay`)."""
    return func.coalesce(_NEWEST, ConfirmationWay.SIGNED.value) == bindparam("way")
