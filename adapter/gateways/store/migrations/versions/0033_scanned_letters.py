"""The scanned letter of an authorisation that an officer has entered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_HAS_LETTER = sa.text("file_digest IS NOT NULL")


def upgrade() -> None:
    op.add_column("authorisation", sa.Column("file_digest", sa.String(64)))
    op.add_column("authorisation", sa.Column("file_name", sa.String(150)))
    op.create_index(
        "ix_authorisation_file",
        "authorisation",
        ["file_digest"],
        sqlite_where=_HAS_LETTER,
        postgresql_where=_HAS_LETTER,
    )


def downgrade() -> None:
    op.drop_index("ix_authorisation_file", "authorisation")
    for name in ("file_name", "file_digest"):
        op.drop_column("authorisation", name)
