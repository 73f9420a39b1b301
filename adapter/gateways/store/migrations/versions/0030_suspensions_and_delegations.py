"""What a suspension rests on and who was told of it; delegations of a deputy, which only the draft knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ADDED = ("ground", "document", "principal", "decided_by", "lifted_document", "told")


def upgrade() -> None:
    op.add_column("suspension", sa.Column("ground", sa.String(10), nullable=False, server_default="risk"))
    op.add_column("suspension", sa.Column("document", sa.String(80)))
    op.add_column("suspension", sa.Column("principal", sa.String(20)))
    op.add_column("suspension", sa.Column("decided_by", sa.String(250)))
    op.add_column("suspension", sa.Column("lifted_document", sa.String(80)))
    op.add_column("suspension", sa.Column("told", sa.JSON()))
    op.create_table(
        "delegation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("document", sa.String(80), nullable=False),
        sa.Column("valid_from", Moment, nullable=False),
        sa.Column("valid_to", Moment, nullable=False),
        sa.Column("granted_by", sa.String(120), nullable=False),
        sa.Column("granted_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(op.f("ix_delegation_person"), "delegation", ["person"])


def downgrade() -> None:
    op.drop_table("delegation")
    with op.batch_alter_table("suspension") as batch:
        for name in _ADDED:
            batch.drop_column(name)
