"""`reconcile`: what an incident of the window has left: its report, and what was declared by both doors."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.dossiers import OfficerId
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, listing, note, pairs
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.pipeline.pairs import PairVerdict
from adapter.services.dossiers.pairs import DossierPair
from adapter.services.watch.reconciliation import PaperLine, Report, ReportLine

Key = Annotated[str, typer.Argument(metavar="NUMBER/YEAR", help="A dossier.")]
Reason = Annotated[str, typer.Option(help="The journal keeps it.")]
reconcile = typer.Typer(no_args_is_help=True, help="After an incident of the window (NĐ 85/2019 Article 17(5)).")


@reconcile.command("report")
def reconcile_report(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help="Its id as `window incidents` tells it, or its notice's number.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For the window's manager: XML signed by the system's key, and a page beside it (.pdf).",
        ),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Each answer of an incident: how the window gets it, since when it has it, what is open and why.

    No value of a person is in it. Exit code 1 while something is open.
    """
    if out is not None and out == out.with_suffix(".pdf"):
        raise NotAllowed(
            "--out names the signed XML, and its page is written beside it as .pdf: end its name with .xml"
        )
    components = open_components(config)
    actor = acting(components, by)
    if out is None:
        report = components.reconciliation.report(incident, actor=actor)
    else:
        files = components.incident_reports.make(incident, actor=actor)
        for file, body in ((out, files.xml), (out.with_suffix(".pdf"), files.pdf)):
            _written(file, body)
        report = components.incident_reports.given(files, actor=actor)
    if json:
        named = {each.name: getattr(report, each.name) for each in fields(report)}
        as_json(
            {
                **named,
                "pairs": [_named(each) for each in report.pairs],
                "settled": report.settled,
                "open": len(report.open),
                "open_papers": len(report.open_papers),
                "open_pairs": len(report.open_pairs),
            }
        )
    else:
        _show(report)
    raise leave(Exit.OK if report.is_clean else Exit.NO)


@reconcile.command("pairs")
def reconcile_pairs(
    by: By = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 50,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Dossiers that declare the same, one by each door, of which no officer has said whether they are one."""
    components = open_components(config)
    found = components.pairs.unsettled(limit, actor=acting(components, by))
    names = ("portal", "window", "portal_state", "window_state", "procedure", "gate", "found_at")
    if json:
        as_json([_named(each) for each in found])
    else:
        listing("pair", found, names, heads=[name.replace("_", " ") for name in names], json=False)


@reconcile.command("settle")
def reconcile_settle(
    one: Key,
    other: Key,
    verdict: Annotated[PairVerdict, typer.Argument(help="Whether they are one dossier.")],
    officer: OfficerId,
    reason: Reason,
    config: Config = None,
) -> None:
    """Say whether two dossiers that declare the same are one. Of one, the one that is not confirmed ends."""
    components = open_components(config)
    ended = components.pairs.settle(_key(one), _key(other), verdict, acting(components, officer), reason=reason)
    line(f"{one} and {other} are {verdict.value}" + (f"; {ended} has ended" if ended else ""))


@reconcile.command("reopen")
def reconcile_reopen(one: Key, other: Key, officer: OfficerId, reason: Reason, config: Config = None) -> None:
    """Take back what was said of two dossiers: the one that ended goes on, its time limits as if it never had."""
    components = open_components(config)
    components.pairs.reopen(_key(one), _key(other), acting(components, officer), reason=reason)
    line(f"nothing is said any more of {one} and {other}")


def _written(file: Path, body: bytes) -> None:
    try:
        file.write_bytes(body)
    except OSError as error:
        raise Misconfigured(f"cannot write {file}: {error.strerror}") from None


def _named(pair: DossierPair) -> dict[str, object]:
    """A pair with its dossiers as NUMBER/YEAR."""
    stated = {each.name: getattr(pair, each.name) for each in fields(pair) if not each.name.endswith("_place")}
    return {name: str(value) if isinstance(value, DossierKey) else value for name, value in stated.items()}


def _key(stated: str) -> DossierKey:
    found = DossierKey.read(stated)
    if found is None:
        raise NotAllowed(f"{stated} is no dossier: name it as NUMBER/YEAR")
    return found


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
    if report.pairs:
        told = ("portal", "window", "verdict", "settled_at", "ended")
        listing("pair", report.pairs, told, heads=[name.replace("_", " ") for name in told], json=False)
    papers = [each.name for each in fields(PaperLine) if each.name != "id"]
    if report.papers:
        listing("record on paper", report.papers, papers, heads=[name.replace("_", " ") for name in papers], json=False)
        note("what was done on paper and checked counts as reported once --out has written the signed report")
    if report.ended_at is None:
        note("the incident goes on: what is made until its end is part of it too")
