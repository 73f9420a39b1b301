"""`views`: typed SQL views for reports, made from the mappings."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line
from adapter.cli.terminal import block
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
    reports = open_components(config).report_views
    if drop:
        _told("dropped", reports.drop(), json)
        return
    if create:
        _told("made", reports.create(personal=with_personal), json)
        return
    for statement in reports.statements(dialect or reports.dialect, personal=with_personal):
        block(f"{statement};\n")


def _told(what: str, names: Sequence[str], json: bool) -> None:
    if json:
        as_json({what: names})
        return
    for name in names:
        line(name)
    line(f"{len(names)} view(s) {what}")
