"""A transfer that the window answered with an error is left for the window like one without an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAME, _OPEN, _LEFT = "ix_outbox_transfer", "answer IS NULL", "coalesce(answer, '') <> 'receipt'"


def upgrade() -> None:
    _index(_LEFT)


def downgrade() -> None:
    _index(_OPEN)


def _index(condition: str) -> None:
    where = sa.text(f"route = 'transfer' AND {condition}")
    op.drop_index(_NAME, "outbox")
    op.create_index(_NAME, "outbox", ["created_at"], sqlite_where=where, postgresql_where=where)
