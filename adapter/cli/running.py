"""`run` and `web`: the long-running processes; their code is in `entrypoints`."""

from __future__ import annotations

import multiprocessing
from enum import StrEnum
from typing import Annotated

import typer

from adapter.cli.options import Config


def run(
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Instead of workers.count.")] = None,
    config: Config = None,
) -> None:
    """Run the adapter in the foreground: supervisor, workers, dispatcher, clock, and the listeners that are enabled."""
    from adapter.entrypoints import daemon  # what only the daemon needs, no other command loads

    raise typer.Exit(daemon.run(config, workers=workers))


class Listener(StrEnum):
    """A listener over HTTP."""

    PORTAL = "portal"
    STAFF = "staff"


def web(
    listener: Annotated[Listener, typer.Argument(help="Which one.")] = Listener.PORTAL, config: Config = None
) -> None:
    """Run one listener alone (HTTP), the portal or the staff's; needs no broker."""
    from adapter.entrypoints import parts
    from adapter.entrypoints.pulse import new_cells

    parts.main(listener.value, config, new_cells(multiprocessing))
