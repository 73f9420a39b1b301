"""seals in order, and since when a message waits"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # All may be null: a program of 0.1.0 works on beside this one.
    op.add_column("journal", sa.Column("seal", sa.BigInteger(), nullable=True))
    op.add_column("journal_seal", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("journal_seal", sa.Column("entries", sa.Integer(), nullable=True))
    op.add_column("inbox", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_journal_seal", "journal", ["seal", "id"])
    op.create_index("ix_journal_seal_number", "journal_seal", ["number"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_journal_seal_number", table_name="journal_seal")
    op.drop_index("ix_journal_seal", table_name="journal")
    op.drop_column("inbox", "waits_since")
    op.drop_column("journal_seal", "entries")
    op.drop_column("journal_seal", "number")
    op.drop_column("journal", "seal")
