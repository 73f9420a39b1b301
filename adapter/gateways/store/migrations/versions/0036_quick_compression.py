"""The bytes of messages and answers are compressed by LZ4: pglz took a third of the database's CPU for a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_COLUMNS = (("inbox", "raw"), ("outbox", "body"), ("declaration", "values"))


def upgrade() -> None:
    _compress_by("lz4")


def downgrade() -> None:
    _compress_by("default")


def _compress_by(method: str) -> None:
    """What is stored from now on; older rows stay as they are, and are read as before."""
    if op.get_bind().dialect.name != "postgresql" or not _server_has_lz4():
        return
    for table, column in _COLUMNS:
        op.execute(sa.text(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET COMPRESSION {method}'))


def _server_has_lz4() -> bool:
    """A server may be built without it: then pglz stays."""
    methods = "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    return bool(op.get_bind().execute(sa.text(methods)).scalar())
