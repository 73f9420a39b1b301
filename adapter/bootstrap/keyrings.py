"""Our keys as the configuration states them: in files, or in hardware modules that are opened once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapter.gateways.keyring import InToken, Keyring, OnDisk, Pair
from adapter.gateways.token import Token
from adapter.model.events import Observe
from adapter.settings import KeySettings, KeysSettings


def keyrings(stated: KeysSettings, clock: Callable[[], datetime], observe: Observe) -> dict[str, Keyring]:
    """The keyrings by their names in the configuration; `clock` says which pair signs now."""
    tokens: dict[tuple[Path, str], Token] = {}

    def pair(part: KeySettings) -> Pair:
        if part.pkcs11 is None:
            assert part.key is not None, "the settings hold one of the two"
            return Pair(OnDisk(part.key), part.certificates, part.since)
        inside = part.pkcs11
        token = tokens.setdefault((inside.module, inside.token), Token(inside.module, inside.token, inside.pin_file))
        return Pair(InToken(token, inside.label), part.certificates, part.since)

    return {
        name: Keyring(name, [pair(part) for part in parts], clock, observe, stated.look_s)
        for name, parts in (("system", stated.system), ("unit", stated.unit), ("portal", stated.portal))
    }
