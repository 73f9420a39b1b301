"""What is seen of the window beside what an operator says; of an incident the expected end, and the announced one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the clock saw beside an override was not kept: it looks anew. Notices that are over have ended with it."""
    op.add_column("window", sa.Column("seen", sa.String(length=10), nullable=True))
    op.add_column("window", sa.Column("seen_cause", sa.String(length=20), nullable=True))
    op.add_column("window", sa.Column("seen_reason", sa.Text(), nullable=True))
    for name in ("expected_end", "notice_ended_at"):
        op.add_column("incident", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE incident SET notice_ended_at = ended_at WHERE notice_number IS NOT NULL")


def downgrade() -> None:
    for name in ("notice_ended_at", "expected_end"):
        op.drop_column("incident", name)
    for name in ("seen_reason", "seen_cause", "seen"):
        op.drop_column("window", name)
