"""Authorisations that principals give themselves, for one procedure or all; for whom somebody acts at the portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("authorisation") as batch:
        batch.add_column(sa.Column("procedure", sa.String(100)))
        batch.add_column(sa.Column("granted_by", sa.String(10), nullable=False, server_default="officer"))
    with op.batch_alter_table("session") as batch:
        batch.add_column(sa.Column("acts_for", sa.String(20)))
    with op.batch_alter_table("draft") as batch:
        batch.add_column(sa.Column("granted_for", sa.String(20)))


def downgrade() -> None:
    with op.batch_alter_table("draft") as batch:
        batch.drop_column("granted_for")
    with op.batch_alter_table("session") as batch:
        batch.drop_column("acts_for")
    with op.batch_alter_table("authorisation") as batch:
        batch.drop_column("granted_by")
        batch.drop_column("procedure")
