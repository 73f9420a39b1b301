"""Drafts of declarations, which their declarants fill in on the portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("public_id", sa.String(36), nullable=False, unique=True),
        sa.Column("owner", sa.String(20), nullable=False),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("pair", sa.String(10), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("message_key", sa.String(36), nullable=False, unique=True),
        sa.Column("number", sa.String(35)),
        sa.Column("year", sa.Integer),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("pressed_at", Moment),
        sa.Column("signed", sa.LargeBinary),
        sa.Column("sent_at", Moment),
        sa.Column("sent_as", sa.String(36)),
    )
    op.create_index("ix_draft_owner", "draft", ["owner", "changed_at"])


def downgrade() -> None:
    op.drop_table("draft")
