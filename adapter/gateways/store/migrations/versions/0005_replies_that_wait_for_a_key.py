"""Replies that wait for the key of their unit.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What an earlier version has signed waits for nobody."""
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("awaits_unit", sa.String(length=20), nullable=True))
    waits = sa.text("awaits_unit IS NOT NULL AND taken_back_at IS NULL")
    op.create_index("ix_outbox_awaiting", "outbox", ["dossier_id"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    """What waits is lost with the column."""
    op.drop_index("ix_outbox_awaiting", "outbox")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("awaits_unit")
