"""Replies by time, those that were opened on the portal before they left; messages by their sender's id and dossier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OPENED = sa.text("sent_at IS NULL AND delivered_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_inbox_message", "inbox", ["message_id"])
    op.create_index("ix_inbox_dossier", "inbox", ["dossier_id", "received_at", "id"])
    op.create_index("ix_outbox_created", "outbox", ["created_at", "id"])
    op.create_index("ix_outbox_opened", "outbox", ["delivered_at"], sqlite_where=_OPENED, postgresql_where=_OPENED)


def downgrade() -> None:
    op.drop_index("ix_outbox_opened", "outbox")
    op.drop_index("ix_outbox_created", "outbox")
    op.drop_index("ix_inbox_dossier", "inbox")
    op.drop_index("ix_inbox_message", "inbox")
