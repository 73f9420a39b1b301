"""Drafts about a dossier that stands: a correction, a withdrawal, an amendment, begun with its version in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft") as batch:
        batch.add_column(sa.Column("base", sa.Integer))
        batch.add_column(sa.Column("declared", sa.String(120)))
        batch.add_column(sa.Column("cover", sa.JSON))
        batch.add_column(sa.Column("acts_for", sa.String(20)))


def downgrade() -> None:
    with op.batch_alter_table("draft") as batch:
        for name in ("acts_for", "cover", "declared", "base"):
            batch.drop_column(name)
