"""The index of replies that have not left has no longer what was taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_NAME, _COLUMNS = "ix_outbox_unsent", ["returns", "created_at", "id"]
_UNSENT = sa.text("sent_at IS NULL")
_STAYS = sa.text("sent_at IS NULL AND taken_back_at IS NULL")


def upgrade() -> None:
    op.drop_index(_NAME, "outbox")
    op.create_index(_NAME, "outbox", _COLUMNS, sqlite_where=_STAYS, postgresql_where=_STAYS)


def downgrade() -> None:
    op.drop_index(_NAME, "outbox")
    op.create_index(_NAME, "outbox", _COLUMNS, sqlite_where=_UNSENT, postgresql_where=_UNSENT)
