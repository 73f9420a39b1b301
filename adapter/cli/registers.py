"""`authorisation`: who speaks for whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing
from adapter.gateways.whole_file import write_whole
from adapter.model.attachment import BadFile
from adapter.model.errors import NotAllowed
from adapter.services.attachments.keeping import LookedAt

authorisation = typer.Typer(no_args_is_help=True, help="Who may speak for whom (Articles 3(4), 7(3)).")

Reason = Annotated[str, typer.Option(help="Why; the declarant gets it.")]
Kept = Annotated[str, typer.Option("--reason", help="Why; kept in the record.")]
Officer = Annotated[str, typer.Option(metavar="ID", help="The officer who decided, by his id in the register.")]
TypedBy = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who types it for him; kept in the journal.")]
Number = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Only of this personal number (12 digits) or tax code (10, or 13)."),
]
Person = Annotated[str, typer.Argument(metavar="NUMBER", help="Personal number (12 digits) or tax code (10, or 13).")]


@authorisation.command("grant")
def authorisation_grant(
    holder: Annotated[str, typer.Option(metavar="NUMBER", help="Who signs: personal number or tax code.")],
    principal: Annotated[str, typer.Option(metavar="NUMBER", help="For whom: personal number or tax code.")],
    document: Annotated[str, typer.Option(metavar="NUMBER", help="Number of the letter of authorisation.")],
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="In force from, ISO 8601; default: now.")
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day (or time) in force; default: until revoked.")
    ] = None,
    procedures: Annotated[
        list[str] | None,
        typer.Option("--procedure", metavar="CODE", help="Only for this procedure; repeatable. Default: for all."),
    ] = None,
    scanned: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help="The scan: PDF, PNG, JPEG."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a letter of authorisation: its holder's certificate speaks for the principal."""
    begins, ends = moment(valid_from, "--from"), moment(valid_to, "--to")
    if ends is not None and valid_to is not None and len(valid_to) == len("yyyy-mm-dd"):
        ends += timedelta(days=1, microseconds=-1)  # a last day is in force to its end
    components = open_components(config)
    actor = acting(components, by)
    letter = _looked_at(components, scanned) if scanned else None
    number = components.authorisations.grant(
        holder,
        principal,
        document,
        valid_from=begins,
        valid_to=ends,
        procedures=procedures or (),
        scanned=letter,
        actor=actor,
    )
    if json:
        as_json({"id": number})
    else:
        line(f"authorisation {number} is registered")


def _looked_at(components: Components, scanned: Path) -> LookedAt:
    with scanned.open("rb") as file:
        raw = file.read(components.settings.attachments.file_bytes + 1)
    try:
        return components.attachments.looked_at(scanned.name, raw)
    except BadFile as bad:
        raise NotAllowed(components.catalogue.findings.state(bad.finding).en) from None


@authorisation.command("file")
def authorisation_file(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `authorisation list` shows it.")],
    out: Annotated[Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the scanned letter is written.")],
    by: By = None,
    config: Config = None,
) -> None:
    """Take the scanned letter of an authorisation; the journal keeps who did. What is infected is not given."""
    components = open_components(config)
    given = components.attachments_given.letter(id, acting(components, by))
    if given is None:
        raise NotAllowed(f"authorisation {id} has no scanned letter that could be given; see `authorisation list`")
    write_whole(out, given.body, 0o600)
    line(f"written: {out}")


@authorisation.command("revoke")
def authorisation_revoke(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `authorisation list` shows it.")],
    reason: Kept,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Revoke a letter of authorisation, from now on."""
    components = open_components(config)
    components.authorisations.revoke(id, reason=reason, actor=acting(components, by))
    if json:
        as_json({"revoked": id})
    else:
        line(f"authorisation {id} is revoked")


@authorisation.command("list")
def authorisation_list(
    number: Number = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="Only those in force now.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Letters of authorisation."""
    components = open_components(config)
    found = components.authorisations.list(number=number, in_force=in_force, actor=acting(components, by))
    names = ("id", "holder", "principal", "document", "procedure", "valid_from", "valid_to", "revoked_at", "reason")
    listing("authorisation", found, (*names, "unit", "entered_by", "file_digest"), json=json)
