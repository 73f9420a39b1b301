"""Who has entered an authorisation, at which unit: a unit lists its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("authorisation", sa.Column("unit", sa.String(20)))
    op.add_column("authorisation", sa.Column("entered_by", sa.String(120)))
    op.create_index("ix_authorisation_entered", "authorisation", ["unit", "granted_at"])


def downgrade() -> None:
    op.drop_index("ix_authorisation_entered", "authorisation")
    for name in ("entered_by", "unit"):
        op.drop_column("authorisation", name)
