"""The reference of the command line as Markdown, made from the commands themselves: docs/cli.md is its output.

`python -m adapter.cli.reference > docs/cli.md`; a test compares, so that the page cannot drift.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from typer.main import get_command

from adapter.cli.app import app
from adapter.cli.terminal import block

NAME = "nsw-adapter"
_HEAD = f"""# The command line

Made from the program by `python -m adapter.cli.reference > docs/cli.md`; change the commands, not this page.

Every command takes `--config FILE`, and `--json` wherever a machine may read it. Results go to stdout, remarks and
errors to stderr.

| exit code | meaning |
|---|---|
| 0 | ok |
| 1 | the answer is no: not all accepted, faults found, an act that is not allowed, nothing found |
| 2 | usage or configuration |
| 3 | the broker or the database cannot be reached |

The JSON of `{NAME} judge --json` is stable: one object a line with exactly these keys.

| key | value |
|---|---|
| `file` | as it was named |
| `outcome` | `accepted`, `refused`, `rejected` or `parked` |
| `stage` | the stage that stopped it: `open`, `verify`, `validate`, `read`, `check`, `decide`; else null |
| `findings` | a list of `code`, `pointer` (XPath), `line` (from 1; 0 = none), `vi`, `en`; warnings too |
| `signers` | a list of `role` (`window`, `portal`, `declarant`), `subject` (RFC 4514), `serial` (hexadecimal) |
| `digest` | SHA-256 of the received bytes, hexadecimal |

The reason why a message is parked is written to stderr: the fault is on our side, not a finding.
"""

Described = Any
"""A command, group or parameter of typer's own copy of click, which has no public name."""


def reference() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_commands(NAME, get_command(app))])


def _commands(name: str, command: Described) -> Iterator[str]:
    for each, inner in command.commands.items():
        full = f"{name} {each}"
        if hasattr(inner, "commands"):
            yield from _commands(full, inner)
        else:
            yield from _command(full, inner)


def _command(name: str, command: Described) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([name, *(_word(each) for each in arguments), "[OPTIONS]"])
    yield f"## {name}\n"
    yield f"`{usage}`\n"
    yield f"{_paragraphs(command.help)}\n"
    rows = [_row(each) for each in command.params]
    if rows:
        yield "\n".join(["| argument or option | meaning | default |", "|---|---|---|", *rows, ""])


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _word(parameter: Described) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _row(parameter: Described) -> str:
    annotation = parameter.type_descriptor.annotation
    choices = [each.value for each in annotation] if _is_enum(annotation) else []
    if parameter.param_type_name == "argument":
        shown = f"`{_word(parameter)}`"
    else:
        value = "" if annotation is bool else f" {parameter.metavar or _kind(annotation)}"
        shown = ", ".join(f"`{each}{value}`" for each in (*parameter.opts, *parameter.secondary_opts))
    meaning = (parameter.help or "") + (f" One of: {', '.join(f'`{each}`' for each in choices)}." if choices else "")
    return f"| {shown} | {meaning.strip()} | {_default(parameter)} |"


def _is_enum(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _kind(annotation: object) -> str:
    return {int: "NUMBER", float: "NUMBER"}.get(annotation, "CHOICE" if _is_enum(annotation) else "TEXT")  # type: ignore[call-overload, no-any-return]


def _default(parameter: Described) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    if default is None or default == "" or default is False:
        return ""
    return f"`{'yes' if default is True else default.value if isinstance(default, Enum) else default}`"


if __name__ == "__main__":
    block(reference(), end="")
