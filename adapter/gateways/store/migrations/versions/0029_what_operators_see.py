"""What operators see: steps of a message, why a reply stays, what the clock saw, and throughput."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_COUNTS = (
    *("messages", "accepted", "refused", "rejected", "parked", "answered", "unsent"),
    *("within_1s", "within_5s", "within_30s", "within_300s"),
)


def upgrade() -> None:
    op.add_column("inbox", sa.Column("steps", sa.JSON()))
    op.add_column("outbox", sa.Column("fault", sa.String(12)))
    op.create_table(
        "snapshot",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("machine", sa.String(100), nullable=False),
        sa.Column("tried_at", Moment, nullable=False),
        sa.Column("taken_at", Moment),
        sa.Column("content", sa.JSON()),
        sa.Column("fault", sa.Text()),
        sa.PrimaryKeyConstraint("name", "machine", name=op.f("pk_snapshot")),
    )
    op.create_table(
        "throughput",
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("counted_at", Moment, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("slowest_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "procedure", name=op.f("pk_throughput")),
    )


def downgrade() -> None:
    op.drop_table("throughput")
    op.drop_table("snapshot")
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("fault")
    with op.batch_alter_table("inbox") as batch:
        batch.drop_column("steps")
