"""Staff log in: what their identity provider calls them, whose session is of which area; a gate's newest dossiers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("login", sa.String(255), nullable=True))
    linked = sa.text("ended_at IS NULL AND login IS NOT NULL")
    op.create_index("ix_person_login", "person", ["login"])
    op.create_index("ix_person_linked", "person", ["login"], unique=True, sqlite_where=linked, postgresql_where=linked)
    op.add_column("session", sa.Column("area", sa.String(10), nullable=False, server_default="portal"))
    op.add_column("session", sa.Column("person", sa.String(100), nullable=True))
    op.create_index("ix_dossier_gate", "dossier", ["gate", "state", "received_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_dossier_gate", "dossier")
    op.drop_column("session", "person")
    op.drop_column("session", "area")
    op.drop_index("ix_person_linked", "person")
    op.drop_index("ix_person_login", "person")
    op.drop_column("person", "login")
