"""Figures of deadlines need a dossier's procedure and gate, and find them in an index without reading its row."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_dossier_place", "dossier", ["id", "procedure", "gate"])


def downgrade() -> None:
    op.drop_index("ix_dossier_place", "dossier")
