"""`config`: a first configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.printing import line
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.settings import production_sample

config = typer.Typer(no_args_is_help=True, help="The configuration file.")


@config.callback()
def _group() -> None:
    """A group with one command: its name stays when a second command is added."""


@config.command("init")
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is written.")] = Path("config.yaml"),
) -> None:
    """Write a configuration for production, to be completed: names, servers, trust, keys.

    It states what an installation must say; every other key has a default (docs/reference/configuration.md).
    A file that is there is never overwritten.
    """
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(production_sample())
    except FileExistsError:
        raise NotAllowed(f"{file} is there already; name another file, or move it away") from None
    except OSError as error:
        raise Misconfigured(f"cannot write {file}: {error.strerror}") from None
    line(f"written to {file}: fill in what is in capitals, put keys and certificates there, then nsw-adapter check")
