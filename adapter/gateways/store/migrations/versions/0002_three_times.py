"""Reception, sending and delivery of a confirmation are three times (Articles 10, 11, 13, 14, 16, 17)

A duty to confirm ran from acceptance to delivery; it runs from reception to sending. What the store holds is read anew
from evidence: the receptions of messages, the broker's confirmations. What it does not hold stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DUTIES = "('confirm_within', 'confirm_amendment_within')"
_BATCH = 1000


def upgrade() -> None:
    for name in ("readable_at", "in_hand_at", "taken_back_at"):
        op.add_column("outbox", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("deadline", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deadline_unsent",
        "deadline",
        ["outbox_id"],
        sqlite_where=sa.text("ended_at IS NULL AND outbox_id IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND outbox_id IS NOT NULL"),
    )
    op.create_table(
        "confirmation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=35), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name="fk_confirmation_dossier_id"),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_confirmation_outbox_id"),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation"),
        sa.UniqueConstraint("number", name="uq_confirmation_number"),
    )
    with op.batch_alter_table("amendment_request") as batch:
        batch.add_column(sa.Column("outbox_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("withdrawn_by", sa.String(length=120), nullable=True))
        batch.add_column(sa.Column("withdrawal_reason", sa.Text(), nullable=True))
        batch.create_foreign_key("fk_amendment_request_outbox_id", "outbox", ["outbox_id"], ["id"])
    op.create_index("ix_amendment_request_outbox", "amendment_request", ["outbox_id"])
    op.create_index("ix_confirmation_dossier", "confirmation", ["dossier_id"])
    op.create_index("ix_confirmation_outbox", "confirmation", ["outbox_id"])
    _read_on_the_portal()
    _ended_by_sending()
    _begun_by_reception()
    _replaced_versions()
    _due_of_dossiers()
    _confirmations()


def _read_on_the_portal() -> None:
    """What was sent on the portal's route, and every reply to a dossier declared there, was readable when made."""
    op.execute(
        "UPDATE outbox SET readable_at = created_at WHERE copy_of IS NULL AND (route = 'portal' OR (route = 'window' "
        "AND dossier_id IN (SELECT id FROM dossier WHERE channel = 'portal')))"
    )


def _ended_by_sending() -> None:
    sent = "(SELECT COALESCE(o.readable_at, o.sent_at) FROM outbox o WHERE o.id = deadline.outbox_id)"
    op.execute(f"UPDATE deadline SET answered_at = ended_at, ended_at = {sent} WHERE outbox_id IS NOT NULL")  # noqa: S608
    op.execute("UPDATE deadline SET why = NULL WHERE outbox_id IS NOT NULL AND ended_at IS NULL")


def _begun_by_reception() -> None:
    """`noticed_at` is the reception of the message, and `alert_due_at` counts from it."""
    op.execute(f"UPDATE deadline SET started_at = noticed_at, due_at = alert_due_at WHERE kind IN {_DUTIES}")  # noqa: S608


def _replaced_versions() -> None:
    """A replacement has a duty of its own, from its own reception: it is the one that did not lapse.

    Of several that lapsed it is not kept which version each was for: when they began is unknown.
    """
    connection, moment = op.get_bind(), sa.DateTime(timezone=True)
    replaced = "SELECT dossier_id FROM declaration WHERE document IS NULL GROUP BY dossier_id HAVING COUNT(*) > 1"
    op.execute(
        "UPDATE deadline SET started_at = NULL, due_at = NULL WHERE kind = 'confirm_within' AND why = 'lapsed' "  # noqa: S608
        f"AND dossier_id IN ({replaced})"
    )
    query = sa.text(
        "SELECT d.id, d.noticed_at, d.due_at, i.received_at FROM deadline d "  # noqa: S608
        "JOIN declaration v ON v.dossier_id = d.dossier_id AND v.version = (SELECT MAX(w.version) FROM declaration w "
        "WHERE w.dossier_id = d.dossier_id AND w.document IS NULL) "
        "JOIN inbox i ON i.id = v.inbox_id WHERE d.kind = 'confirm_within' AND (d.why IS NULL OR d.why = 'answered') "
        f"AND d.dossier_id IN ({replaced})"
    ).columns(noticed_at=moment, due_at=moment, received_at=moment)
    change = sa.text(
        "UPDATE deadline SET started_at = :began, due_at = :due, alert_due_at = :due WHERE id = :id"
    ).bindparams(sa.bindparam("began", type_=moment), sa.bindparam("due", type_=moment))
    for row in connection.execute(query).all():
        due = None if row.due_at is None else row.received_at + (row.due_at - row.noticed_at)
        connection.execute(change, {"began": row.received_at, "due": due, "id": row.id})


def _due_of_dossiers() -> None:
    due = (
        f"(SELECT MAX(e.due_at) FROM deadline e WHERE e.dossier_id = dossier.id AND e.kind IN {_DUTIES} "  # noqa: S608
        "AND (e.why IS NULL OR e.why = 'answered'))"
    )
    op.execute(f"UPDATE dossier SET confirm_due_at = {due} WHERE confirm_due_at IS NOT NULL")  # noqa: S608


def _confirmations() -> None:
    """One row for each confirmation that was signed: the number is the journal's, the version its request's."""
    connection, table = (
        op.get_bind(),
        sa.table("confirmation", *(sa.column(name) for name in ("id", "number", "dossier_id", "version", "outbox_id"))),
    )
    ids = _ids(connection)
    query = sa.text(
        "SELECT o.id AS outbox_id, o.dossier_id, v.version FROM outbox o "
        "JOIN declaration v ON v.dossier_id = o.dossier_id AND v.inbox_id = o.inbox_id "
        "WHERE o.kind IN ('Completion', 'AmendmentCompletion') AND o.copy_of IS NULL ORDER BY o.dossier_id, o.ordinal"
    )
    batch: list[dict[str, Any]] = []
    for dossier_id, rows in groupby(connection.execute(query).all(), lambda row: row.dossier_id):
        for row, number in zip(rows, _numbers(connection, dossier_id), strict=False):
            batch.append({"id": next(ids), "number": number, **row._mapping})
        if len(batch) >= _BATCH:
            connection.execute(table.insert(), batch)
            batch = []
    if batch:
        connection.execute(table.insert(), batch)


def _numbers(connection: sa.Connection, dossier_id: int) -> list[str]:
    """The numbers of a dossier's confirmations in the order they were signed."""
    query = sa.text(
        "SELECT detail FROM journal WHERE dossier_id = :id AND event IN ('dossier.complete', "
        "'dossier.complete_amendment') ORDER BY ordinal"
    ).columns(detail=sa.JSON)
    details = connection.execute(query, {"id": dossier_id}).scalars()
    return [detail["confirmation"] for detail in details if detail and detail.get("confirmation")]


def _ids(connection: sa.Connection) -> Iterator[int]:
    """Ids in blocks of a thousand, as `gateways/store/database` draws them."""
    while True:
        if connection.dialect.name == "postgresql":
            block = int(connection.execute(sa.text("SELECT nextval('ids')")).scalar_one())
        else:
            draw = sa.text(
                "INSERT INTO counter (name, value) VALUES ('ids', 1) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            )
            block = int(connection.execute(draw).scalar_one())
        yield from range(block * 1000, block * 1000 + 1000)


def downgrade() -> None:
    """The tables as they were; a duty's times stay as they were read anew."""
    op.execute("UPDATE deadline SET ended_at = answered_at, why = 'answered' WHERE answered_at IS NOT NULL")
    op.drop_table("confirmation")
    with op.batch_alter_table("amendment_request") as batch:
        batch.drop_index("ix_amendment_request_outbox")
        batch.drop_constraint("fk_amendment_request_outbox_id", type_="foreignkey")
        for name in ("outbox_id", "withdrawn_at", "withdrawn_by", "withdrawal_reason"):
            batch.drop_column(name)
    op.drop_index("ix_deadline_unsent", "deadline")
    op.drop_column("deadline", "answered_at")
    for name in ("readable_at", "in_hand_at", "taken_back_at"):
        op.drop_column("outbox", name)
