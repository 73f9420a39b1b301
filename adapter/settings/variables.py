"""Environment variables (NSW_…) that resemble a setting but are none."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from adapter.settings.old_names import RENAMED, stated_variables
from adapter.settings.shape import Settings

_ANY = "*"


def misspelt_variables() -> Iterator[str]:
    """NSW_ variables that resemble a setting but are none: the typing error would otherwise be silent."""
    stated = stated_variables()
    if not stated:
        return
    known = [*sorted(_variables(Settings, "NSW_")), "NSW_CONFIG", "NSW_AMQP_URL", "NSW_DATABASE_URL"]
    known += [f"NSW_{old.upper().replace('.', '__')}" for old in RENAMED]
    for name in stated:
        asked = name.upper()
        if any(_is_of(asked, each) for each in known):
            continue
        # One underscore instead of two is the most frequent error, so underscores do not count.
        plain = {each.replace("__", "_"): each for each in known if _ANY not in each}
        for meant in get_close_matches(asked.replace("__", "_"), plain, n=1, cutoff=0.85):
            yield f"{name} is no setting; did you mean {plain[meant]}?"


def _is_of(name: str, known: str) -> bool:
    parts, wanted = name.split("__"), known.split("__")
    return len(parts) == len(wanted) and all(want in (_ANY, part) for part, want in zip(parts, wanted, strict=True))


def _variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The variables of a section; `*` stands for a name that the installation chooses."""
    for name, stated in model.model_fields.items():
        variable = f"{prefix}{(stated.alias or name).upper()}"
        yield variable
        parts = list(sections(stated.annotation))
        many = f"{_ANY}__" if get_origin(stated.annotation) is dict else ""
        if parts:
            yield from _variables(parts[0], f"{variable}__{many}")


def sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections that a key may hold: itself, one of a list, or one of those that may stand there."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for option in get_args(annotation):
        yield from sections(option)
