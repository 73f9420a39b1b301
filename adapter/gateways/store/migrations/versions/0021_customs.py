"""What customs look up by and by which right; the keys of names, so that a name is found by words in any order.

A name's key was its words as declared. It is the last word, the first, and the others by the alphabet: whoever knows
a whole name finds it in any order, and whoever knows its two ends finds it too, each by one place of the index.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BATCH = 10_000
_LOOKUPS = "event IN ('lookup.dossiers', 'lookup.reply')"
_WORDS = "regexp_split_to_array(btrim(translate(value, '-.,</''', '     ')), ' +')"
_ARRANGED = f"""
SELECT DISTINCT left(CASE WHEN cardinality(words) < 2 THEN words[1] ELSE
  words[cardinality(words)] || ' ' || words[1] || coalesce((
    SELECT string_agg(' ' || word, '' ORDER BY word COLLATE "C") FROM unnest(words[2:cardinality(words) - 1]) AS word
  ), '') END, 255) AS value, dossier_id, version
FROM (SELECT {_WORDS} AS words, dossier_id, version FROM search_key WHERE kind = 'name') AS stated
"""  # noqa: S608  nothing of it is typed by anybody


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TEMPORARY TABLE arranged ON COMMIT DROP AS " + _ARRANGED)
        op.execute("DELETE FROM search_key WHERE kind = 'name'")
        op.execute(
            "INSERT INTO search_key (kind, value, dossier_id, version) "
            "SELECT 'name', value, dossier_id, version FROM arranged WHERE value <> ''"
        )
        return
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT value, dossier_id, version FROM search_key WHERE kind = 'name'")).all()
    op.execute("DELETE FROM search_key WHERE kind = 'name'")
    insert = sa.text("INSERT OR IGNORE INTO search_key (kind, value, dossier_id, version) VALUES ('name', :v, :d, :n)")
    made = [{"v": _arranged(row.value), "d": row.dossier_id, "n": row.version} for row in rows]
    for at in range(0, len(made), _BATCH):
        bind.execute(insert, made[at : at + _BATCH])


def _arranged(value: str) -> str:
    words = value.translate(str.maketrans("-.,</", "     ", "'")).split()
    return " ".join(words[::-1] if len(words) < 3 else [words[-1], words[0], *sorted(words[1:-1])])[:255]


def _tables() -> None:
    op.create_table(
        "lookup_trace",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "journal_id", name=op.f("pk_lookup_trace")),
    )
    op.create_table(
        "lookup_right",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup_right")),
    )
    op.create_index("ix_lookup_right_person", "lookup_right", ["person"])
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_lookup_right_standing",
        "lookup_right",
        ["person", "procedure"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "lookup_count",
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "hour", name=op.f("pk_lookup_count")),
    )
    lookups = sa.text(_LOOKUPS)
    for name, columns in (("ix_journal_lookups", ["actor", "at"]), ("ix_journal_lookups_at", ["at"])):
        op.create_index(name, "journal", columns, sqlite_where=lookups, postgresql_where=lookups)


def downgrade() -> None:
    """Names keep their new keys: how they were declared stands in the declarations."""
    op.drop_index("ix_journal_lookups_at", "journal")
    op.drop_index("ix_journal_lookups", "journal")
    for table in ("lookup_count", "lookup_right", "lookup_trace"):
        op.drop_table(table)
