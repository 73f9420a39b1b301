"""`journal`: verify it, and show who has looked what up."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.dossiers import dossier_reader
from adapter.cli.exits import Exit, leave
from adapter.cli.options import STDIN, AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, note
from adapter.gateways.store.journal_proof import Part
from adapter.model.identifiers import DossierKey
from adapter.services.customs.audit import Asked

journal = typer.Typer(no_args_is_help=True, help="The journal.")


@journal.command("verify")
def journal_verify(
    first: Annotated[int | None, typer.Option("--from-seal", min=1, help="Only seals from this number on.")] = None,
    last: Annotated[int | None, typer.Option("--to-seal", min=1, help="Only seals up to this number.")] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Recompute the journal: chains of dossiers, entries without a dossier, seals. Exit code 1 if one does not hold.

    With a range of seals only those and the entries that they cover.
    """
    components = open_components(config)
    proof = dossier_reader(components).journal_proof(Part(first, last), actor=acting(components, by))
    if json:
        as_json(proof)
    else:
        for fault in proof.faults:
            line(fault)
        for remark in proof.remarks:
            note(remark)
        more = f", {proof.untold} more" if proof.untold else ""
        looked = (
            f"{proof.chains} chain(s), {proof.entries} entries, {proof.seals} seal(s), {proof.unsealed} not sealed yet"
        )
        line(f"{looked}: {'all hold' if not proof.faults else f'{len(proof.faults)} fault(s){more}'}")
    raise leave(Exit.NO if proof.faults else Exit.OK)


@journal.command("lookups")
def journal_lookups(
    officer: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only his: an id of the register, or as the journal names him.")
    ] = None,
    paper: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Only of a person, by his paper's number; - reads it from stdin."),
    ] = None,
    dossier: Annotated[str | None, typer.Option(metavar="NUMBER/YEAR", help="Only of this dossier.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From then on; default: a week ago.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before then; default: now.")] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Lookups by customs officers and border officers, the newest first. This command is journalled too.

    The journal has only a digest of the key that was asked for; a person is found by his paper's number.
    """
    components = open_components(config)
    last = moment(until, "--until") or components.legal_clock() + timedelta(seconds=1)
    first = moment(since, "--since") or last - timedelta(days=7)
    if paper == STDIN:
        paper = sys.stdin.readline().strip()
    asked = Asked(first, last, officer, paper, _key(dossier) if dossier else None)
    heads = ("at", "actor", "client", "office", "by", "hits", "dossiers", "persons", "purpose")
    fields = [name if name != "by" else "in_words" for name in heads]
    found = components.lookup_audit.looked(asked, acting(components, by))
    listing("lookup", found, fields, json=json, heads=heads)


def _key(stated: str) -> DossierKey:
    key = DossierKey.read(stated)
    if key is None:
        raise typer.BadParameter(f"{stated!r} is no number with its year, such as BP261/2026", param_hint="--dossier")
    return key
