"""What was done by hand on paper, entered by an officer and checked by a second one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_UNCHECKED = sa.text("checked_at IS NULL AND returned_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "paper_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("mapping", sa.String(120), nullable=False),
        sa.Column("gate", sa.String(20)),
        sa.Column("unit", sa.String(20)),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("confirmed_at", Moment),
        sa.Column("confirmation", sa.String(60)),
        sa.Column("entered_by", sa.String(120), nullable=False),
        sa.Column("entered_at", Moment, nullable=False),
        sa.Column("checked_by", sa.String(120)),
        sa.Column("checked_at", Moment),
        sa.Column("returned_by", sa.String(120)),
        sa.Column("returned_at", Moment),
        sa.Column("reason", sa.Text()),
        sa.Column("dossier_id", sa.BigInteger()),
        sa.Column("reported_at", Moment),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_paper_record_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_record")),
    )
    op.create_index("ix_paper_record_number", "paper_record", ["number", "year"])
    op.create_index("ix_paper_record_received", "paper_record", ["received_at", "id"])
    op.create_index("ix_paper_record_dossier", "paper_record", ["dossier_id"])
    op.create_index(
        "ix_paper_record_waiting",
        "paper_record",
        ["entered_at"],
        sqlite_where=_UNCHECKED,
        postgresql_where=_UNCHECKED,
    )


def downgrade() -> None:
    op.drop_table("paper_record")
