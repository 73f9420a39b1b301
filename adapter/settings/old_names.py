"""Keys that had another name: accepted for one more release, with a warning."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_settings import EnvSettingsSource

from adapter.model.errors import Misconfigured

RENAMED: Mapping[str, str] = {
    "broker.publish_window": "broker.unconfirmed_publishes",
    **{
        f"web.{name}": f"web.portal.{name}"
        for name in ("host", "port", "enabled", "workers", "public_url", "login", "trusted_proxies")
    },
}
"""The old name to the new one, both as paths ("web.port"). A row stays for one release."""

_NOTHING = object()


def stated_variables() -> list[str]:
    """The variables of the environment that are ours, in their order."""
    return sorted(name for name in os.environ if name.upper().startswith("NSW_"))


class Environment(EnvSettingsSource):
    """NSW_…, where a key may have its old name too."""

    def __call__(self) -> dict[str, Any]:
        if not stated_variables():  # to look for each key takes longer than all else that is read
            return {}
        found = super().__call__()
        take_old_names(found)
        return found


def take_old_names(document: dict[str, Any]) -> list[str]:
    """Put what stands under an old name under the new one; gives the old names that were used.

    Raises:
        Misconfigured: the new name is stated too.
    """
    used = []
    for old, new in RENAMED.items():
        stated = _taken(document, old.split("."))
        if stated is _NOTHING:
            continue
        *parents, key = new.split(".")
        part = document
        for name in parents:
            part = part.setdefault(name, {})
            if not isinstance(part, dict):
                raise Misconfigured(f"{old} is called {new} now, and {name} holds another value: take {old} away")
        if key in part:
            raise Misconfigured(f"{old} is called {new} now, and both are stated: take {old} away")
        part[key] = stated
        used.append(old)
    return used


def _taken(part: Any, path: Sequence[str]) -> Any:
    """Take the value at a path out of the document, with sections that become empty; _NOTHING where there is none."""
    name, *inner = path
    if not isinstance(part, dict) or name not in part:
        return _NOTHING
    if not inner:
        return part.pop(name)
    found = _taken(part[name], inner)
    if found is not _NOTHING and not part[name]:
        del part[name]
    return found
