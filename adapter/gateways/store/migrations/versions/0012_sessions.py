"""People log in at the portal: their sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INDEXED = {
    "ends": "ends_at",
    "number": "number",
    "tax_code": "tax_code",
    "account": "account",
    "provider": "provider_session",
}


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("account", sa.String(32)),
        sa.Column("provider_session", sa.String(255)),
        sa.Column("number", sa.String(20)),
        sa.Column("tax_code", sa.String(20)),
        sa.Column("name", sa.String(255)),
        sa.Column("underway", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
    )
    for name, column in _INDEXED.items():
        op.create_index(f"ix_session_{name}", "session", [column])


def downgrade() -> None:
    op.drop_table("session")
