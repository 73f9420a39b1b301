"""Whose dossiers are whose: a search key for each number that may read a dossier, for those that are kept already."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_EACH = {
    "postgresql": "json_array_elements_text(dossier.identities) AS party(value)",
    "sqlite": "json_each(dossier.identities) AS party",
}


def upgrade() -> None:
    each = _EACH[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO search_key (kind, value, dossier_id, version) "  # noqa: S608  nothing of it is typed by anybody
        f"SELECT DISTINCT 'party', party.value, dossier.id, dossier.version FROM dossier, {each}"
    )


def downgrade() -> None:
    op.execute("DELETE FROM search_key WHERE kind = 'party'")
