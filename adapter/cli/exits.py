"""Exit codes and errors: one line on stderr says what, where and what to do; never a traceback for what we foresaw."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from adapter.model.errors import Misconfigured, NotAllowed, Unavailable


class Exit(IntEnum):
    """The exit codes of every command. They are a public interface (docs/cli.md)."""

    OK = 0
    NO = 1
    """The answer is no: not all accepted, faults found, an act that is not allowed, nothing found."""
    USAGE = 2
    """Usage or configuration."""
    UNAVAILABLE = 3
    """The broker or the database cannot be reached."""


EXIT_CODES = "Exit codes: 0 ok; 1 the answer is no; 2 usage or configuration; 3 broker or database unavailable."


def leave(code: Exit) -> typer.Exit:
    """To be raised: ends the command with that code."""
    return typer.Exit(int(code))


class Commands(TyperGroup):
    """The group that turns the program's own errors into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # click's context: typer keeps it private
        try:
            return super().invoke(ctx)
        except Misconfigured as error:
            raise _told(Exit.USAGE, str(error)) from error
        except NotAllowed as error:
            raise _told(Exit.NO, str(error)) from error
        except Unavailable as error:
            raise _told(Exit.UNAVAILABLE, f"{error}; try again when it is back") from error


def _told(code: Exit, text: str) -> typer.Exit:
    """One line for each fault."""
    for line in text.splitlines():
        typer.echo(f"nsw-adapter: {' '.join(line.split())}", err=True)
    return leave(code)
