"""`deadlines`: which deadlines run, which are broken, and how many were met."""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, table
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.deadline_records import Declared, Figures
from adapter.services.watch.deadlines import Agenda

_COLUMNS = ("subject", "procedure", "gate", "name", "party", "standing", "started_at", "due_at", "answered_at")


def deadlines(
    due_within: Annotated[
        float | None, typer.Option(metavar="HOURS", min=0, max=87600, help="Only what ends within so many hours.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only what has passed; exit code 1 if anything has.")
    ] = False,
    procedure: Annotated[str | None, typer.Option(help="Only this procedure.")] = None,
    gate: Annotated[str | None, typer.Option(help="Only this gate.")] = None,
    unit: Annotated[str | None, typer.Option(metavar="CODE", help="Only the gates of this unit.")] = None,
    days: Annotated[int, typer.Option(min=1, max=36500, help="Figures of the last so many days.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 200,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="As of this time, ISO 8601; without zone Vietnam's. Default: now."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Running deadlines, the earliest end first, and how many were met by procedure and gate.

    A duty to confirm starts with reception and is met when the confirmation was sent in time. "answered" is when
    an officer signed it; the deadline runs until the confirmation was sent.
    """
    given = moment(at, "--at")
    components = open_components(config)
    now = given or components.legal_clock()
    wanted = Wanted(
        procedure=procedure,
        gate=gate,
        gates=_gates_of(components, unit),
        until=_until(now, due_within, overdue=overdue),
        after=now if due_within is not None and not overdue else None,
        limit=limit,
    )
    since = (now - timedelta(days=days)).astimezone(UTC)
    found = components.deadlines.agenda(wanted, since=since, now=now, actor=acting(components, by))
    if json:
        as_json({"at": now, "since": since, **{each.name: getattr(found, each.name) for each in fields(found)}})
    else:
        _show(found, days)
    raise leave(Exit.NO if overdue and found.due else Exit.OK)


def _gates_of(components: Components, code: str | None) -> tuple[str, ...]:
    """The gates of a unit; none where the installation is one unit for every gate.

    Raises:
        typer.BadParameter: it is none of ours.
    """
    if code is None:
        return ()
    units = components.installation.units
    unit = units.by_code(code)
    if unit is None:
        known = ", ".join(each.code for each in units.every if each.code)
        raise typer.BadParameter(f"there is no unit {code}; there are: {known or 'none'}", param_hint="--unit")
    return tuple(sorted(unit.gates or ()))


def _until(now: datetime, due_within: float | None, *, overdue: bool) -> datetime | None:
    if due_within is not None:
        return now + timedelta(hours=due_within)
    # An answer exactly at the end is in time.
    return now - timedelta.resolution if overdue else None


def _show(found: Agenda, days: int) -> None:
    heads = [name.removesuffix("_at") for name in _COLUMNS]
    rows = ([getattr(due, name) for name in _COLUMNS] for due in found.due)
    table(f"{len(found.due)} deadline(s) run", heads, rows)
    table(f"Of the last {days} day(s)", [each.name for each in fields(Figures)], map(astuple, found.figures))
    table("Declared", [each.name for each in fields(Declared)], map(astuple, found.declared))
