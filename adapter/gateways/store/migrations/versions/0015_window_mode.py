"""The window's mode in full, what it rests on, announced maintenance; which procedure is linked at which gate.

`window.mode` goes on holding the three words of 0.1.0, which a clock of that release beside us reads and writes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENTS = ("opened_at", "heard_at", "override_until", "override_reminded_at")


def upgrade() -> None:
    _modes()
    op.create_table(
        "maintenance",
        _id(),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
    )
    op.create_table(
        "window_link",
        _id(),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("gate", sa.String(20), nullable=True),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.String(120), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(120), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_link")),
    )
    op.create_index("ix_window_link_procedure", "window_link", ["procedure"])
    unsent = sa.text("sent_as IS NULL")
    op.create_index("ix_draft_unsent", "draft", ["created_at"], sqlite_where=unsent, postgresql_where=unsent)


def downgrade() -> None:
    op.drop_index("ix_draft_unsent", "draft")
    op.drop_table("window_link")
    op.drop_table("maintenance")
    for name in (*_MOMENTS, "stage"):
        op.drop_column("window", name)


def _modes() -> None:
    op.add_column("window", sa.Column("stage", sa.String(12), nullable=True))
    for name in _MOMENTS:
        op.add_column("window", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    heard = "SELECT min(received_at) FROM inbox WHERE channel = 'window'"
    op.execute(sa.text(f'UPDATE "window" SET heard_at = ({heard})'))  # noqa: S608  no word of anybody's


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False)
