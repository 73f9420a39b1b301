"""Views for reports on both databases: typed, equal to the record, without personal values, safe for any name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from adapter.cli import app
from adapter.gateways.store import views
from adapter.gateways.store.database import Database, DatabaseUnavailable
from adapter.gateways.store.tables import declaration, declaration_row
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.identifiers import Digest
from adapter.model.procedure import FieldSpec, Label
from adapter.model.stages import Submission
from tests.harness.data import few
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene
from tests.harness.stores import ensure_tables

GROUP = "BQP0100001"
CASE = f"{GROUP}/accepted-tour-group-entering"
VIEW, PERSONS = "nsw_bqp0100001_2", "nsw_bqp0100001_2_persons"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The data of two procedures: to make the views of all takes most of a test's time."""
    data = few(tmp_path_factory.mktemp("data"), GROUP, "BQP0100002", states=True)
    return {"folders.schemas": str(data.schemas), "folders.mappings": str(data.mappings)}


def set_up(folder: Path, url: str, changes: Mapping[str, str] | None = None) -> Scene:
    """A store with one group's declaration in it."""
    made = Scene(folder, "amqp://127.0.0.1:1/%2F", url)
    made.configure(changes or {})
    ensure_tables(made.components.database)
    case = next(case for case in load_cases() if case.id == CASE)
    raw = signed(case, shared_pki())
    made.components.intake.receive([Submission(raw, case.channel, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))])
    return made


@pytest.fixture
def of_all(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    """With every procedure."""
    made = set_up(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def scene(tmp_path: Path, database_url: str, two: dict[str, str]) -> Iterator[Scene]:
    made = set_up(tmp_path, database_url, two)
    yield made
    made.close()


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_url: str, two: dict[str, str]) -> Iterator[Scene]:
    """SQLite lets a view go that another one stands on."""
    made = set_up(tmp_path, postgresql_url, two)
    yield made
    made.close()


def run(scene: Scene, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["views", *options, "--config", str(scene.config)])
    assert done.exit_code == code, done.output
    return done.output


def rows(database: Database, view: str) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(text(f'SELECT * FROM "{view}"'))]


def record(database: Database) -> dict[str, Any]:
    with database.reading() as connection:
        return dict(connection.execute(select(declaration.c["values"])).scalar_one())


def typed(value: Any, kind: str, *, embedded: bool) -> Any:
    """A stored value as the column of that type must show it."""
    if value is None:
        return None
    if kind == "datetime":
        return f"{value}+07:00" if embedded else datetime.fromisoformat(f"{value}+07:00")
    if kind == "date" and not embedded:
        return date.fromisoformat(value)
    return int(value) if kind == "flag" and embedded else value


def test_every_value_of_a_view_is_the_records_in_its_type(of_all: Scene) -> None:
    scene, database = of_all, of_all.components.database
    run(scene, "--create", "--with-personal")
    (shown,) = rows(database, VIEW)
    (hidden,) = rows(database, f"{VIEW}_personal")
    kept = record(database)
    *_, procedure = scene.components.catalogue.procedures[GROUP]  # type: ignore[index]

    for field in procedure.fields:
        name = views._snake(field.name)
        row = hidden if field.personal else shown
        expected = typed(kept.get(field.name), field.type, embedded=database.is_embedded)
        found = row.get(f"{name}_declared", row[name])
        assert (found, type(found)) == (expected, type(expected)), field.name
    assert (shown["dossier_number"], shown["dossier_year"], shown["dossier_state"]) == (
        "BQP2026000101",
        2026,
        "accepted",
    )
    received = shown["dossier_received_at"]
    assert (datetime.fromisoformat(received) if isinstance(received, str) else received) == CLOCK


def test_a_list_has_a_view_of_its_own_with_a_row_for_each(scene: Scene) -> None:
    database = scene.components.database
    run(scene, "--create")
    with database.reading() as connection:
        query = select(declaration_row.c.ordinal, declaration_row.c["values"]).order_by(declaration_row.c.ordinal)
        kept = {row.ordinal: row.values for row in connection.execute(query)}
    shown = {row["ordinal"]: row for row in rows(database, PERSONS)}

    assert len(kept) > 1
    assert {key: row["nationality"] for key, row in shown.items()} == {
        key: values["nationality"] for key, values in kept.items()
    }
    assert {row["dossier_number"] for row in shown.values()} == {"BQP2026000101"}


def test_no_personal_value_stands_in_a_view_that_was_not_asked_for_them(scene: Scene) -> None:
    database = scene.components.database
    run(scene, "--create")
    with database.reading() as connection:
        made = views.made(connection)
    assert made
    assert not [name for name in made if name.endswith("_personal")]
    secret = {"Declarant", "full_name", "declarant_name", "leader_name", "document_number", "declarant_phone"}
    assert [secret & set(row) for name in (VIEW, PERSONS) for row in rows(database, name)] == [
        set() for name in (VIEW, PERSONS) for _ in rows(database, name)
    ]


def test_making_them_again_leaves_no_old_one_and_dropping_leaves_a_strangers(scene: Scene) -> None:
    database = scene.components.database
    with database.transaction() as connection:
        connection.execute(text("CREATE VIEW nsw_of_ours AS SELECT number FROM dossier"))
    run(scene, "--create", "--with-personal")
    run(scene, "--create")
    with database.reading() as connection:
        first = views.made(connection)
    assert not [name for name in first if name.endswith("_personal")]
    assert f"{len(first)} view(s) dropped" in run(scene, "--drop")
    assert rows(database, "nsw_of_ours") == [{"number": "BQP2026000101"}]
    assert "0 view(s) dropped" in run(scene, "--drop")


def test_a_failure_on_the_way_leaves_the_views_that_were_there(scene: Scene) -> None:
    database = scene.components.database
    run(scene, "--create")
    made = views.views(scene.components.catalogue, database.engine.dialect.name, personal=False)
    broken = replace(made[-1], select=f"{made[-1].select} LIMIT no_such_column")

    def make_and_look() -> None:
        with database.transaction() as connection:
            views.create(connection, [*made[:-1], broken])
            connection.execute(text(f'SELECT * FROM "{broken.name}"'))  # SQLite looks only now

    with pytest.raises((DBAPIError, DatabaseUnavailable)):
        make_and_look()
    assert len(rows(database, VIEW)) == 1


def test_a_view_of_somebody_elses_that_stands_on_ours_is_told(on_postgresql: Scene) -> None:
    scene, database = on_postgresql, on_postgresql.components.database
    run(scene, "--create")
    with database.transaction() as connection:
        connection.execute(text(f'CREATE VIEW mine AS SELECT gate FROM "{VIEW}"'))
    assert "Drop that first" in run(scene, "--create", code=1)
    with pytest.raises(NotAllowed), database.transaction() as connection:
        views.drop(connection)


ODD = "số \"hộ\" '%s' :x $.a[0]; DROP VIEW d"


def odd(catalogue: Catalogue) -> Catalogue:
    """One field more, with a name and a label that no database likes."""
    *_, procedure = catalogue.procedures[GROUP]  # type: ignore[index]
    field = FieldSpec(ODD, "Odd", "text", Label(vi=f"{ODD}\n--", en="100 %"))
    return replace(catalogue, procedures={procedure.code: (replace(procedure, fields=(*procedure.fields, field)),)})


def test_any_name_of_a_mapping_is_safe(scene: Scene) -> None:
    database = scene.components.database
    with database.transaction() as connection:
        values = {**connection.execute(select(declaration.c["values"])).scalar_one(), ODD: "there"}
        connection.execute(update(declaration).values({"values": values}))
        made = views.views(odd(scene.components.catalogue), connection.dialect.name, personal=True)
        views.create(connection, made)
    (shown,) = rows(database, VIEW)
    assert shown[views._snake(ODD)] == "there"


def test_only_dossiers_of_its_own_version_stand_in_a_view(scene: Scene) -> None:
    database = scene.components.database
    *_, procedure = scene.components.catalogue.procedures[GROUP]  # type: ignore[index]
    both = replace(
        scene.components.catalogue, procedures={procedure.code: (procedure, replace(procedure, version="3"))}
    )
    with database.transaction() as connection:
        views.create(connection, views.views(both, connection.dialect.name, personal=False))
    assert (len(rows(database, VIEW)), rows(database, "nsw_bqp0100001_3")) == (1, [])


def test_two_names_that_are_one_for_the_database_are_told(scene: Scene) -> None:
    *_, procedure = scene.components.catalogue.procedures[GROUP]  # type: ignore[index]
    twins = replace(scene.components.catalogue, procedures={procedure.code: (procedure, procedure)})
    with pytest.raises(Misconfigured, match="the name nsw_bqp0100001_2"):
        views.views(twins, "sqlite", personal=False)


def test_printing_changes_nothing_and_is_made_for_either_database(scene: Scene) -> None:
    shown = run(scene, "--print", "--dialect", "postgresql")
    assert "COMMENT ON COLUMN" in shown
    assert "AT TIME ZONE 'Asia/Ho_Chi_Minh'" in shown
    assert "json_extract" in run(scene, "--print", "--dialect", "sqlite")
    with scene.components.database.reading() as connection:
        assert views.made(connection) == []


def test_two_wishes_at_once_are_usage(scene: Scene) -> None:
    assert "give one" in run(scene, "--create", "--drop", code=2)
