"""Random values of statements that people sign: given once, used once. Certificates that wait for an officer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "statement_value",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("account", sa.String(64)),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.Column("number", sa.String(20)),
        sa.Column("digest", sa.String(64)),
        sa.Column("message", sa.String(36)),
    )
    op.create_index(op.f("ix_statement_value_ends_at"), "statement_value", ["ends_at"])
    op.create_index(
        "ix_certificate_waiting", "certificate", ["changed_at"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )


def downgrade() -> None:
    op.drop_index("ix_certificate_waiting", "certificate")
    op.drop_table("statement_value")
