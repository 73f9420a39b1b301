"""`reconcile`: answers of an incident that the window does not have yet, to be reported within one working day."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, listing, note, pairs
from adapter.model.errors import Misconfigured
from adapter.services.watch.reconciliation import PaperLine, Report, ReportLine
from adapter.services.watch.report_document import signed

reconcile = typer.Typer(no_args_is_help=True, help="After an incident of the window (NĐ 85/2019 Article 17(5)).")


@reconcile.callback()
def _reconcile() -> None:
    """A group with one command."""


@reconcile.command("report")
def reconcile_report(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help="Its id as `window incidents` tells it, or its notice's number.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write it there as XML, signed by the system's key, for the window's manager."
        ),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Each answer of an incident: how the window gets it, since when it has it, what is open and why.

    No value of a person is in it. Exit code 1 while something is open.
    """
    components = open_components(config)
    report = components.reconciliation.report(incident, actor=acting(components, by))
    if out is not None:
        body = signed(report, authority=components.settings.installation.organization, key=components.keys().system)
        try:
            out.write_bytes(body)
        except OSError as error:
            raise Misconfigured(f"cannot write {out}: {error.strerror}") from None
        report = components.reconciliation.reported(report, actor=acting(components, by))
    if json:
        named = {each.name: getattr(report, each.name) for each in fields(report)}
        as_json({**named, "settled": report.settled, "open": len(report.open), "open_papers": len(report.open_papers)})
    else:
        _show(report)
    raise leave(Exit.NO if report.open or report.open_papers else Exit.OK)


def _show(report: Report) -> None:
    day = report.working_day
    values = {
        "cause": report.cause,
        "from": report.started_at,
        "until": report.ended_at,
        "working day ends": day.due_at if day else None,
        "working day is": day.standing.value if day else None,
        "reconciled": day.ended_at if day else None,
        **{f"settlement: {name}": many for name, many in report.settled.items() if many},
        "open": len(report.open),
    }
    pairs(f"Incident {report.name}", values)
    names = [each.name for each in fields(ReportLine) if each.name not in ("digest",)]
    listing("answer", report.lines, names, heads=[name.replace("_", " ") for name in names], json=False)
    papers = [each.name for each in fields(PaperLine) if each.name != "id"]
    if report.papers:
        listing("record on paper", report.papers, papers, heads=[name.replace("_", " ") for name in papers], json=False)
        note("what was done on paper and checked counts as reported once --out has written the signed report")
    if report.ended_at is None:
        note("the incident goes on: what is made until its end is part of it too")
