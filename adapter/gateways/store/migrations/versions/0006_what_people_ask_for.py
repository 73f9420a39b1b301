"""Indexes by which receipts, lists and lookups find what they ask for without reading a table that grows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNANSWERED = "answer IS NULL AND copy_of IS NULL"
_OPEN = "ended_at IS NULL"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_index("ix_outbox_unanswered", "outbox", ["reference"], **_where(_UNANSWERED))
    op.create_index("ix_dossier_state", "dossier", ["state", "received_at", "id"])
    op.create_index("ix_amendment_received", "amendment", ["received_at", "id"])
    ends: list[str | sa.TextClause | sa.ColumnElement[Any]] = [sa.text("coalesce(due_at, alert_due_at)"), "id"]
    op.create_index("ix_deadline_ends", "deadline", ends, **_where(_OPEN))
    op.drop_index("ix_deadline_open", "deadline")  # what it served is served by the one above
    op.create_index("ix_certificate_serial", "certificate", ["serial"])
    op.create_index("ix_certificate_fingerprint", "certificate", ["fingerprint"])
    op.create_index("ix_authorisation_principal", "authorisation", ["principal"])


def downgrade() -> None:
    op.drop_index("ix_authorisation_principal", "authorisation")
    op.drop_index("ix_certificate_fingerprint", "certificate")
    op.drop_index("ix_certificate_serial", "certificate")
    op.create_index("ix_deadline_open", "deadline", ["alert_due_at"], **_where(_OPEN))
    op.drop_index("ix_deadline_ends", "deadline")
    op.drop_index("ix_amendment_received", "amendment")
    op.drop_index("ix_dossier_state", "dossier")
    op.drop_index("ix_outbox_unanswered", "outbox")
