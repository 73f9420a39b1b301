"""All commands under one name. Each module is imported when one of its commands is asked for, and no other."""

from __future__ import annotations

import gc
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_group

from adapter.cli.exits import EXIT_CODES, Commands, look_at_texts
from adapter.cli.terminal import prepare, say

COMMANDS = {
    "run": "running:run",
    "web": "running:web",
    "check": "setting_up:check",
    "config": "configuring:config",
    "declare": "setting_up:declare",
    "judge": "judging:judge",
    "deadlines": "agenda:deadlines",
    "rehearse": "rehearsing:rehearse",
    "views": "reporting:views",
    "database": "setting_up:database",
    "message": "browsing:message",
    "dossier": "amendments:dossier",
    "journal": "journals:journal",
    "quarantine": "quarantines:quarantine",
    "certificate": "certificates:certificate",
    "authorisation": "registers:authorisation",
    "account": "accounts:account",
    "alerts": "alerting:alerts",
    "window": "windows:window",
    "reconcile": "reconciling:reconcile",
    "portal": "portal_failure:portal",
    "paper": "papers:paper",
    "token": "windows:token",
    "people": "people:people",
    "office": "people:office",
    "client": "clients:client",
    "issuer": "clients:issuer",
    "simulate": "simulated_window:simulate",
}
"""Where each command is, as module:name. Importing the whole program takes two seconds of CPU, one command a fraction.
"""

_COLLECT_AFTER = 100_000
"""New objects between two garbage collections: most commands end soon and leave nothing to collect."""


class _Wanted(MutableMapping[str, Any]):
    """Commands by their names, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, _, attribute = COMMANDS[name].partition(":")
            self._made[name] = _command(name, getattr(import_module(f"adapter.cli.{module}"), attribute))
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str, found: Any) -> Any:
    """Make a typer command of a function or of a group of functions."""
    holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    made = get_group(holder).commands[name]
    look_at_texts(made)
    return made


class _Program(Commands):
    """The group of all commands."""

    def __init__(self, **stated: Any) -> None:
        super().__init__(**stated)
        self.commands = _Wanted()


app = typer.Typer(
    name="nsw-adapter",
    cls=_Program,
    help=f"The border guard's adapter to the national single window.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version  # a third of the start time

        try:
            say(version("nsw-adapter"))
        except PackageNotFoundError:
            say("not installed")
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
    gc.set_threshold(_COLLECT_AFTER)
    prepare()
    app(prog_name="nsw-adapter")
