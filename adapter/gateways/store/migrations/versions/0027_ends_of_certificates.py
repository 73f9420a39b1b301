"""Certificates are found by their end, and alerts by their time: the clock asks for those near now."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_certificate_valid_to", "certificate", ["valid_to"])
    op.create_index(op.f("ix_expiry_alert_at"), "expiry_alert", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_expiry_alert_at"), "expiry_alert")
    op.drop_index("ix_certificate_valid_to", "certificate")
