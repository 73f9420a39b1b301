"""A press that waits for the portal to open: when it was, that it is being sent, and why it came back.

A message keeps when it was pressed: the declarant is late or not by that time.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WAITING = sa.text("waits_since IS NOT NULL AND sent_as IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("draft") as batch:
        batch.add_column(sa.Column("waits_since", Moment))
        batch.add_column(sa.Column("leaves_at", Moment))
        batch.add_column(sa.Column("held_back", sa.JSON))
    op.create_index("ix_draft_waiting", "draft", ["waits_since"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.add_column("inbox", sa.Column("pressed_at", Moment))


def downgrade() -> None:
    op.drop_column("inbox", "pressed_at")
    op.drop_index("ix_draft_waiting", "draft")
    with op.batch_alter_table("draft") as batch:
        for name in ("held_back", "leaves_at", "waits_since"):
            batch.drop_column(name)
