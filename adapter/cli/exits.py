"""Exit codes and errors: one line on stderr says what, where and what to do; never a traceback for what we foresaw."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, get_args

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.core import TyperGroup

from adapter.cli.terminal import finish, give_up, say
from adapter.model.errors import Misconfigured, NotAllowed, Unavailable
from adapter.model.text import text_fault, typed

_LARGEST = 2**63
"""Largest id: a database column holds no more."""
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


class Exit(IntEnum):
    """The exit codes of every command. They are a public interface (docs/cli.md)."""

    OK = 0
    NO = 1
    """The result is negative: not all accepted, faults found, an act that is not allowed, nothing found."""
    USAGE = 2
    """Usage or configuration."""
    UNAVAILABLE = 3
    """The broker or the database cannot be reached."""


EXIT_CODES = "Exit codes: 0 ok; 1 the answer is no; 2 usage or configuration; 3 broker or database unavailable."


def leave(code: Exit) -> typer.Exit:
    """To be raised: ends the command with that code."""
    return typer.Exit(int(code))


class Commands(TyperGroup):
    """The command group that turns each error into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # click's context: typer keeps it private
        try:
            return super().invoke(ctx)
        except Misconfigured as error:
            raise _told(Exit.USAGE, str(error)) from error
        except NotAllowed as error:
            raise _told(Exit.NO, str(error)) from error
        except Unavailable as error:
            raise _told(Exit.UNAVAILABLE, f"{error}; try again when it is back") from error

    def main(  # type: ignore[override]  # the options that typer has of its own are handed on as they are
        self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any
    ) -> Any:
        """Run a command line and end the process with its exit code."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        sys.exit(self._code(args, extra))

    def _code(self, args: Sequence[str] | None, extra: dict[str, Any]) -> int:
        try:
            code = super().main(args, standalone_mode=False, **extra)
            finish()
        except NoArgsIsHelpError as error:
            error.show()
            return int(Exit.USAGE)
        except ClickException as error:
            text = f"{error.format_message()} (see {_words(error)} --help)"
            return _told(Exit.USAGE, " ".join(text.split())).exit_code
        except typer.Abort:
            return _interrupted()
        except BrokenPipeError:
            _nobody_reads()
            return int(Exit.NO)
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            return _told(Exit.USAGE, f"{named}{error.strerror or error}").exit_code
        if code == _INTERRUPTED:
            return _interrupted()
        return code if isinstance(code, int) else int(Exit.OK)


def _words(error: ClickException) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "nsw-adapter"


def _interrupted() -> int:
    _told(Exit.NO, "interrupted")
    return _INTERRUPTED


def _nobody_reads() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            give_up(stream)


def _told(code: Exit, text: str) -> typer.Exit:
    """One line for each fault."""
    for line in text.splitlines():
        say(f"nsw-adapter: {' '.join(line.split())}", error=True)
    return leave(code)


def look_at_texts(command: Any) -> None:
    """Check every parameter that is a text or a number as typed input; groups are nested."""
    for inner in getattr(command, "commands", {}).values():
        look_at_texts(inner)
    for parameter in command.params:
        descriptor = getattr(parameter, "type_descriptor", None)
        kinds = () if descriptor is None else (descriptor.annotation, *get_args(descriptor.annotation))
        if {str, int, float} & set(kinds):
            parameter.callback = _checked


def _checked(_: Any, parameter: Any, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_checked(_, parameter, each) for each in value]
    if isinstance(value, int | float) and not -_LARGEST <= value < _LARGEST:  # NaN is neither
        raise Misconfigured(f"{parameter.opts[0]}: the number is too large")
    if not isinstance(value, str):
        return value
    if fault := text_fault(value):
        raise Misconfigured(f"{parameter.opts[0]}: {fault}")
    return typed(value, parameter.opts[0])
