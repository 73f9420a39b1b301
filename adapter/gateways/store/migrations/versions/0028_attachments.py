"""Files that are attached to drafts, to what was on paper, and to dossiers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_NOT_SCANNED = sa.text("scan = 'not_scanned'")
_LOOSE = sa.text("draft_id IS NULL AND paper_id IS NULL AND dossier_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "stored_file",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", Moment, nullable=False),
        sa.Column("scan", sa.String(20), nullable=False),
        sa.Column("threat", sa.String(200)),
        sa.Column("scanned_at", Moment),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stored_file")),
    )
    op.create_index(
        "ix_stored_file_not_scanned",
        "stored_file",
        ["kept_at"],
        sqlite_where=_NOT_SCANNED,
        postgresql_where=_NOT_SCANNED,
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("what", sa.String(20)),
        sa.Column("owner", sa.String(20)),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", Moment, nullable=False),
        sa.Column("draft_id", sa.BigInteger()),
        sa.Column("paper_id", sa.BigInteger()),
        sa.Column("dossier_id", sa.BigInteger()),
        sa.Column("removed_at", Moment),
        sa.ForeignKeyConstraint(["digest"], ["stored_file.digest"], name=op.f("fk_attachment_digest")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_attachment_draft_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["paper_id"], ["paper_record.id"], name=op.f("fk_attachment_paper_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_attachment_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    for column in ("digest", "owner", "draft_id", "paper_id", "dossier_id", "removed_at"):
        op.create_index(op.f(f"ix_attachment_{column}"), "attachment", [column])
    op.create_index("ix_attachment_loose", "attachment", ["added_at"], sqlite_where=_LOOSE, postgresql_where=_LOOSE)


def downgrade() -> None:
    op.drop_table("attachment")
    op.drop_table("stored_file")
