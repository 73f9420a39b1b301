"""What an officer has said of two dossiers that declare the same, and which of them that ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OPEN = sa.text("verdict IS NULL")


def upgrade() -> None:
    op.add_column("dossier_link", sa.Column("verdict", sa.String(10)))
    op.add_column("dossier_link", sa.Column("settled_at", Moment))
    op.add_column("dossier_link", sa.Column("settled_by", sa.String(120)))
    op.add_column("dossier_link", sa.Column("reason", sa.Text()))
    op.add_column("dossier_link", sa.Column("ends", sa.String(10)))
    op.add_column("dossier_link", sa.Column("was_state", sa.String(20)))
    op.create_index("ix_dossier_link_found", "dossier_link", ["found_at"])
    op.create_index("ix_dossier_link_open", "dossier_link", ["found_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_index("ix_dossier_link_open", "dossier_link")
    op.drop_index("ix_dossier_link_found", "dossier_link")
    for name in ("was_state", "ends", "reason", "settled_by", "settled_at", "verdict"):
        op.drop_column("dossier_link", name)
