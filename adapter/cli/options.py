"""Options that many commands have, each worded once; and the components that `--config` opens."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.bootstrap import assemble as build
from adapter.entrypoints.log import silence
from adapter.model.errors import Misconfigured
from adapter.model.text import time_fault
from adapter.pipeline.envelope import VIETNAM

STDIN = "-"
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="config.yaml; else $NSW_CONFIG, else ./config.yaml, else the installed one.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: JSON on stdout.")]


def open_components(config: Path | None) -> Components:
    """The components of a command that ends: libraries are silent, the command says itself what is wrong.

    Raises:
        Misconfigured: the configuration cannot be read.
    """
    silence()
    return build(config)


def moment(text: str | None, option: str) -> datetime | None:
    """A typed time: ISO 8601, Vietnam's time where no zone is stated; None where no time was typed."""
    if text is None:
        return None
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no ISO 8601 time", param_hint=option) from None
    if fault := time_fault(stated):
        raise typer.BadParameter(fault, param_hint=option)
    return stated if stated.tzinfo else stated.replace(tzinfo=VIETNAM)


def is_readable(file: Path) -> None:
    """Check before the first file is processed.

    Raises:
        Misconfigured: it is not there, is a folder, or may not be read.
    """
    if str(file) == STDIN:
        return
    if not file.exists():
        raise Misconfigured(f"{file}: there is no such file")
    if file.is_dir():
        raise Misconfigured(f"{file} is a folder; name files")
    if not os.access(file, os.R_OK):
        raise Misconfigured(f"{file} may not be read")


def read_input(file: Path) -> bytes:
    """A file's bytes, or stdin's.

    Raises:
        Misconfigured: it cannot be read.
    """
    if str(file) == STDIN and sys.stdin is None:
        raise Misconfigured("stdin is closed; name a file")
    try:
        return sys.stdin.buffer.read() if str(file) == STDIN else file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"cannot read {file}: {error.strerror}") from None
