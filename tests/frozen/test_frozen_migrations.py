"""A change of tables over old stores: a migration made up for the proof is run, looked at, and taken out again."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, inspect, select
from typer.testing import CliRunner

from adapter.cli import app
from adapter.gateways.store import upgrade as upgrading
from adapter.gateways.store.database import Database
from adapter.gateways.store.upgrade import current, upgrade
from tests.frozen.contents import unnamed
from tests.frozen.keeping import digests
from tests.frozen.standing import Standing

MADE_UP = '''
"""a column more, a column renamed"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "made_up", "{head}", None, None


def upgrade():
    with op.batch_alter_table("dossier") as batch:
        batch.add_column(sa.Column("made_up", sa.Integer(), nullable=False, server_default="7"))
    with op.batch_alter_table("incident") as batch:
        batch.alter_column("cause", new_column_name="made_up_cause", existing_type=sa.String(20))
{more}

def downgrade():
    with op.batch_alter_table("incident") as batch:
        batch.alter_column("made_up_cause", new_column_name="cause", existing_type=sa.String(20))
    with op.batch_alter_table("dossier") as batch:
        batch.drop_column("made_up")
'''
STRAY = '    op.execute("DELETE FROM incident")\n'
"""What no migration may do: deadlines refer to incidents."""


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of the program in a folder of their own, where one more can be laid down."""
    folder = tmp_path / "migrations"
    shutil.copytree(upgrading._MIGRATIONS, folder)
    monkeypatch.setattr(upgrading, "_MIGRATIONS", folder)
    return folder


def lay_down(folder: Path, database: Database, more: str = "") -> None:
    _, head = current(database)
    (folder / "versions" / "made_up.py").write_text(MADE_UP.format(head=head, more=more), encoding="utf-8")


def test_a_column_is_added_and_one_renamed_over_an_old_store_and_taken_out_again(
    untouched: Standing, made_up: Path
) -> None:
    database = untouched.components.database
    upgrade(database)
    before, (_, head) = _everything(database), current(database)
    lay_down(made_up, database)

    upgrade(database)
    assert current(database) == ("made_up", "made_up")
    changed = _everything(database)
    assert {name for name in before if before[name] != changed.get(name)} == {"incident.cause"}
    assert {name for name in changed if name not in before} == {"dossier.made_up", "incident.made_up_cause"}
    assert changed["incident.made_up_cause"] == before["incident.cause"]
    assert _values(database, "dossier", "made_up") == {7}
    assert digests(database) == untouched.old_replies
    assert _verified(untouched)
    assert _fails_on_a_stray_row(database)

    with database.altering() as connection:
        command.downgrade(upgrading._config(connection), str(head))
    (made_up / "versions" / "made_up.py").unlink()
    assert current(database) == (head, head)
    assert _everything(database) == before
    assert digests(database) == untouched.old_replies
    assert _verified(untouched)


def test_a_migration_that_leaves_rows_astray_changes_nothing(untouched: Standing, made_up: Path) -> None:
    database = untouched.components.database
    upgrade(database)
    before, at = _everything(database), current(database)[0]
    lay_down(made_up, database, STRAY)
    with pytest.raises(Exception, match=r"astray|violates foreign key"):
        upgrade(database)
    assert current(database)[0] == at
    assert _everything(database) == before
    assert _fails_on_a_stray_row(database)


def test_a_column_that_nobody_has_named_stops_the_next_store() -> None:
    """`contents` knows every column of letters of today."""
    from adapter.gateways.store.tables import metadata

    assert list(unnamed(metadata)) == []


def _everything(database: Database) -> dict[str, str]:
    """SHA-256 of what each column of each table holds, in the order of the tables' keys."""
    reflected, found = MetaData(), {}
    with database.reading() as connection:
        reflected.reflect(connection)
        for table in reflected.sorted_tables:
            if table.name == "alembic_version":
                continue
            key = list(table.primary_key.columns)
            rows = connection.execute(select(table).order_by(*key)).all()
            for place, column in enumerate(table.columns):
                told = repr([row[place] for row in rows])
                found[f"{table.name}.{column.name}"] = hashlib.sha256(told.encode())
        return {name: digest.hexdigest() for name, digest in found.items()}


def _values(database: Database, table: str, column: str) -> set[object]:
    reflected = MetaData()
    with database.reading() as connection:
        reflected.reflect(connection, only=[table])
        return set(connection.execute(select(reflected.tables[table].c[column])).scalars())


def _fails_on_a_stray_row(database: Database) -> bool:
    """Whether references are watched (again): a reply to a message that is not there cannot be written."""
    with database.reading() as connection:
        assert inspect(connection).get_foreign_keys("deadline")
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction() as connection:
        connection.exec_driver_sql("UPDATE deadline SET dossier_id = -1 WHERE dossier_id IS NOT NULL")
    return True


def _verified(store: Standing) -> bool:
    done = CliRunner().invoke(app, ["journal", "verify", "--config", str(store.config)])
    assert done.exit_code == 0, done.output
    return True
