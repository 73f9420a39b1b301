"""The window's own numbers find dossiers by an index; dossiers that declare the same are linked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = sa.text("alias_number IS NOT NULL")
    op.create_index("ix_dossier_alias", "dossier", ["alias_number", "year"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "dossier_link",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("earlier_id", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name="fk_dossier_link_dossier_id"),
        sa.ForeignKeyConstraint(["earlier_id"], ["dossier.id"], name="fk_dossier_link_earlier_id"),
        sa.PrimaryKeyConstraint("dossier_id", "earlier_id", name="pk_dossier_link"),
    )
    op.create_index("ix_dossier_link_earlier", "dossier_link", ["earlier_id"])


def downgrade() -> None:
    op.drop_table("dossier_link")
    op.drop_index("ix_dossier_alias", "dossier")
