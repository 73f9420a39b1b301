"""All commands under one name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from adapter.cli import (
    agenda,
    amendments,
    dossiers,
    judging,
    playing,
    quarantines,
    registers,
    rehearsing,
    reporting,
    running,
    setting_up,
    simulation,
    windows,
)
from adapter.cli.exits import EXIT_CODES, Commands

app = typer.Typer(
    name="nsw-adapter",
    cls=Commands,
    help=f"The border guard's adapter to the national single window.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(running.run)
app.command()(running.web)
app.command()(setting_up.check)
app.command()(setting_up.declare)
app.add_typer(setting_up.database, name="database")
app.command()(judging.judge)
app.command()(agenda.deadlines)
app.command()(rehearsing.rehearse)
app.command()(reporting.views)
dossiers.dossier.command("request-amendment")(amendments.request_amendment)
dossiers.dossier.command("amendments")(amendments.list_amendments)
dossiers.dossier.command("approve")(amendments.approve)
dossiers.dossier.command("decline")(amendments.decline)
dossiers.dossier.command("versions")(amendments.versions)
app.add_typer(dossiers.dossier, name="dossier")
app.add_typer(dossiers.journal, name="journal")
app.add_typer(quarantines.quarantine, name="quarantine")
app.add_typer(registers.certificate, name="certificate")
app.add_typer(registers.authorisation, name="authorisation")
app.add_typer(registers.account, name="account")
app.add_typer(windows.window, name="window")
app.add_typer(windows.token, name="token")
simulation.simulate.command("send")(playing.send)
simulation.simulate.command("window")(playing.play)
app.add_typer(simulation.simulate, name="simulate")


def _print_version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(version("nsw-adapter"))
        except PackageNotFoundError:
            typer.echo("not installed")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The border guard's adapter to the national single window."""


def main() -> None:
    """The console script."""
    app()
