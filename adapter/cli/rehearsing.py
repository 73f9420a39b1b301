"""`rehearse`: what a new set of schemas and mappings would change, before it is switched on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from adapter.catalogue.check import check
from adapter.catalogue.load import DataFiles, load
from adapter.catalogue.slow_schemas import reporter
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, note, words
from adapter.gateways.store.message_archive import Span
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.services.messages.rehearsal import Difference, Rehearsal, RehearsalVerdict, Tally, newest

Folder = Annotated[
    Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help="Default: the one in force.")
]


def rehearse(
    since: Annotated[str, typer.Option(metavar="TIME", help="From then on, ISO 8601; without zone Vietnam's.")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before then; default: to the last one.")] = None,
    schemas: Folder = None,
    mappings: Folder = None,
    procedure: Annotated[str | None, typer.Option(help="Only this procedure.")] = None,
    by_day: Annotated[
        bool, typer.Option("--by-day", help="Versions by the day of reception; default: the newest for every day.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, max=1000000, help="Show at most so many; all are counted.")] = 1000,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Judge stored messages again under a new set, and show what would change. Reads only; safe beside the daemon.

    Each message is judged by the set in force and by the new one, at the time when it was received. Values are shown
    by field name only. With --json one object a line, the last one the tally. Exit code 0: nothing would change; 1:
    something would, or could not be told.
    """
    began, ended = moment(since, "--since"), moment(until, "--until")
    assert began is not None, "--since is required"
    components = open_components(config)
    folders = components.settings.folders
    source = DataFiles(schemas or folders.schemas, mappings or folders.mappings, folders.calendar)
    installed = _proved(source)
    judging = installed if by_day else newest(installed)
    new = replace(components.ground, catalogue=judging, reporter=reporter(source))
    rehearsal = Rehearsal(components.database, components.ground, new, installed)
    tally, told = Tally(), 0
    for difference in rehearsal.differences(Span(began, ended, procedure), tally):
        if told < limit:
            as_json(difference) if json else _show(difference)
        told += 1
    _sum_up(tally, told - limit, json)
    raise leave(Exit.OK if tally.content else Exit.NO)


def _proved(source: DataFiles) -> Catalogue:
    """The new set.

    Raises:
        Misconfigured: the new set cannot be switched on; every fault of it.
    """
    catalogue = load(source)
    faults = check(catalogue, source)
    if faults:
        raise Misconfigured("the new set has faults:\n" + "\n".join(faults))
    return catalogue


def _show(difference: Difference) -> None:
    before, after = difference.before, difference.after
    line(f"{difference.message} {words(difference.received_at)} {difference.procedure or '?'}: {_step(before, after)}")
    for finding in sorted(set(after.findings) - set(before.findings)):
        line(f"  + {finding[0]} {finding[1]}")
    for finding in sorted(set(before.findings) - set(after.findings)):
        line(f"  - {finding[0]} {finding[1]}")
    if difference.fields:
        line(f"  read otherwise: {', '.join(difference.fields)}")


def _step(before: RehearsalVerdict, after: RehearsalVerdict) -> str:
    def said(verdict: RehearsalVerdict) -> str:
        return f"{verdict.outcome} at {verdict.stage}" if verdict.stage else verdict.outcome

    return said(before) if said(before) == said(after) else f"{said(before)} -> {said(after)}"


def _sum_up(tally: Tally, left_out: int, json: bool) -> None:
    if json:
        as_json({"tally": tally})
        return
    if left_out > 0:
        note(f"{left_out} more are not shown; --limit shows more")
    for step, count in sorted(tally.outcomes.items()):
        line(f"{count} {step}")
    for code, count in sorted(tally.unknown.items()):
        line(f"{count} of procedure {code}, which the new set does not have")
    for mapping, count in sorted(tally.lost_versions.items()):
        line(f"{count} open dossier(s) under {mapping}, which the new set does not have: keep that version beside it")
    if tally.untold:
        line(f"{tally.untold} could not be judged now; try again")
    line(f"{tally.messages} message(s), {tally.changed} would change")
