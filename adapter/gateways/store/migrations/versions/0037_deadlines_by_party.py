"""Deadlines that run are counted for each party by an index: those of one never hide those of the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_RUNS = sa.text("ended_at IS NULL")


def upgrade() -> None:
    ends = sa.text("coalesce(due_at, alert_due_at)")
    op.create_index("ix_deadline_party", "deadline", ["party", ends], sqlite_where=_RUNS, postgresql_where=_RUNS)


def downgrade() -> None:
    op.drop_index("ix_deadline_party", "deadline")
