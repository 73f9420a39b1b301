"""`views`: typed SQL views for reports, made from the mappings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line
from adapter.cli.terminal import block
from adapter.gateways.store import views as reports
from adapter.model.errors import Misconfigured


class SqlDialect(StrEnum):
    """For which database they are printed."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


def views(
    create: Annotated[bool, typer.Option("--create", help="Make them anew, in one transaction.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Drop those that were made so.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print their SQL and change nothing; the default.")] = False,
    with_personal: Annotated[
        bool, typer.Option("--with-personal", help="One more view beside each, with the personal values alone.")
    ] = False,
    dialect: Annotated[
        SqlDialect | None, typer.Option(help="With --print; default: the configured database's.")
    ] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Typed SQL views for reports: one for each procedure in each version, and one for each list of it.

    They show the version in force, and no personal value. --drop removes only what --create made;
    do that before `database upgrade`.
    """
    if create + drop + show > 1:
        raise Misconfigured("--create, --drop and --print exclude one another; give one")
    components = open_components(config)
    if drop:
        with components.database.transaction() as connection:
            names = reports.drop(connection)
        _told("dropped", names, json)
        return
    known = dialect.value if dialect else components.database.engine.dialect.name
    made = reports.views(components.catalogue, known, personal=with_personal)
    if create:
        with components.database.transaction() as connection:
            reports.create(connection, made)
        _told("made", [view.name for view in made], json)
        return
    for view in made:
        for statement in reports.statements(view, known):
            block(f"{statement};\n")


def _told(what: str, names: list[str], json: bool) -> None:
    if json:
        as_json({what: names})
        return
    for name in names:
        line(name)
    line(f"{len(names)} view(s) {what}")
