"""What declarants are told: inbox, e-mails, addresses; published notices of the window's mode; rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapter.gateways.store.tables import Moment

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _notification()
    _mail()
    op.create_table(
        "mode_notice",
        _id(),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("mode", sa.String(12), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("title", sa.JSON, nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("announcement", sa.String(35)),
        sa.Column("expected_end", Moment),
        sa.Column("body", sa.LargeBinary),
        sa.Column("digest", sa.String(64)),
        sa.Column("signed_at", Moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mode_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_mode_notice_number")),
    )
    op.create_index("ix_mode_notice_at", "mode_notice", ["at", "id"])
    op.create_table(
        "rate",
        sa.Column("minute", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("minute", "rule", "key", name=op.f("pk_rate")),
    )


def _notification() -> None:
    op.create_table(
        "notification",
        _id(),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("dossier_id", sa.BigInteger),
        sa.Column("outbox_id", sa.BigInteger),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("due_at", Moment),
        sa.Column("late_at", Moment),
        sa.Column("read_at", Moment),
        sa.Column("spread_at", Moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_notification_dossier_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_notification_outbox_id")),
        sa.UniqueConstraint("number", "cause", name=op.f("uq_notification_number_cause")),
    )
    op.create_index("ix_notification_number", "notification", ["number", "created_at", "id"])
    op.create_index("ix_notification_dossier", "notification", ["dossier_id"])
    op.create_index("ix_notification_outbox", "notification", ["outbox_id"])
    for name, column, open_ in (
        ("unspread", "created_at", "spread_at IS NULL"),
        ("due", "due_at", "due_at IS NOT NULL AND late_at IS NULL AND read_at IS NULL"),
    ):
        where = sa.text(open_)
        op.create_index(f"ix_notification_{name}", "notification", [column], sqlite_where=where, postgresql_where=where)


def _mail() -> None:
    op.create_table(
        "mail",
        _id(),
        sa.Column("notification_id", sa.BigInteger),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("message_id", sa.String(120), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", Moment, nullable=False),
        sa.Column("tried_at", Moment),
        sa.Column("ended_at", Moment),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.ForeignKeyConstraint(["notification_id"], ["notification.id"], name=op.f("fk_mail_notification_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
    )
    op.create_index("ix_mail_notification", "mail", ["notification_id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_mail_waiting", "mail", ["next_at", "id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "mail_address",
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("address", sa.String(254)),
        sa.Column("confirmed_at", Moment),
        sa.Column("pending", sa.String(254)),
        sa.Column("code", sa.String(64)),
        sa.Column("code_until", Moment),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("stated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("account", "number", name=op.f("pk_mail_address")),
    )
    op.create_index("ix_mail_address_number", "mail_address", ["number"])


def downgrade() -> None:
    for table in ("rate", "mail_address", "mail", "notification", "mode_notice"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False)
