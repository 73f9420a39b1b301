"""Faults of values, in words: where the value came from (file or variable), and what is expected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapter.settings.shape import Settings
from adapter.settings.variables import sections

PREFIX = "NSW_"
SHORT: dict[tuple[str, ...], str] = {("broker", "url"): "NSW_AMQP_URL", ("database", "url"): "NSW_DATABASE_URL"}
"""Variables that are not named by the path of their key."""
_KEY = re.compile(r"[a-z_]+(?=: )")
_SEVERAL = (dict, Mapping, list, tuple)


def said(fault: Mapping[str, Any], file: Path) -> str:
    """One fault of pydantic's, without the value: the file or the variable, the key, what is wrong with it."""
    path = [str(part) for part in fault["loc"]]
    text = " ".join(str(fault["msg"]).removeprefix("Value error, ").split())
    found = _KEY.match(text) if fault["type"] == "value_error" else None
    if found and path:  # keys that contradict each other: one of them is named
        path, text = [*path, found[0]], text[found.end() + 2 :]
    if fault["type"] == "extra_forbidden":
        text = _unknown(path)
    variable = variable_of(path)
    if variable is None:
        return f"{file}: {': '.join(filter(None, ['.'.join(path), text]))}"
    inside = ".".join(path[len(_path_of(variable)) :])
    return f"environment: {': '.join(filter(None, [variable, inside, text]))}"


def variable_of(path: Sequence[str]) -> str | None:
    """The environment variable that states the value at this path, itself or with a whole section."""
    short = SHORT.get(tuple(path[:2]))
    if short and os.environ.get(short):
        return short
    wanted = [part.lower() for part in path]
    named = [name for name in os.environ if name.upper().startswith(PREFIX) and _states(name, wanted)]
    return max(named, key=len, default=None)


def _states(name: str, path: Sequence[str]) -> bool:
    parts = _path_of(name)
    return parts == list(path[: len(parts)])


def _path_of(variable: str) -> list[str]:
    for path, short in SHORT.items():
        if variable == short:
            return list(path)
    return variable[len(PREFIX) :].lower().split("__")


def _unknown(path: Sequence[str]) -> str:
    *parents, key = path
    section = _section(parents)
    near = get_close_matches(key, list(_fields(section)) if section else [], n=1)
    meant = [".".join([*parents, each]) for each in near]
    meant = meant or [each for each in _paths(Settings, "") if each.endswith(f".{key}")]
    if len(meant) == 1:
        return f"there is no such key; did you mean {meant[0]}?"
    return "there is no such key: see docs/reference/configuration.md"


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _section(parents: Sequence[str]) -> type[BaseModel] | None:
    """The section at a path; names that an installation chooses, and places in a list, are passed over."""
    model: type[BaseModel] = Settings
    left = list(parents)
    while left:
        field = _fields(model).get(left.pop(0))
        inner = next(sections(field.annotation), None) if field else None
        if field is None or inner is None:
            return None
        if left and get_origin(field.annotation) in _SEVERAL:
            left.pop(0)
        model = inner
    return model


def _paths(model: type[BaseModel], before: str) -> Iterator[str]:
    """Every key with a fixed path."""
    for name, field in _fields(model).items():
        yield f"{before}{name}"
        inner = next(sections(field.annotation), None)
        if inner is not None and get_origin(field.annotation) not in _SEVERAL:
            yield from _paths(inner, f"{before}{name}.")
