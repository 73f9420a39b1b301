"""Secrets by which staff log in while their identity provider is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergency_secret",
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_emergency_secret")),
    )


def downgrade() -> None:
    op.drop_table("emergency_secret")
