"""Our keys as the configuration states them: in files, or in hardware modules that are opened once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509

from adapter.gateways.keyring import InToken, Keyring, OnDisk, Pair
from adapter.gateways.token import Token
from adapter.model.events import Observe
from adapter.model.stages import Role
from adapter.pipeline.trust import Trust
from adapter.settings import KeySettings, KeysSettings

ROLES = {"system": Role.BORDER, "unit": Role.BORDER, "portal": Role.PORTAL_SYSTEM}
"""What our keys sign as."""


def keyrings(
    stated: KeysSettings, clock: Callable[[], datetime], observe: Observe, trust: Callable[[], Trust]
) -> dict[str, Keyring]:
    """The keyrings by their names in the configuration; `clock` says which pair signs now, `trust` who takes it."""
    tokens: dict[tuple[Path, str], Token] = {}

    def pair(part: KeySettings) -> Pair:
        if part.pkcs11 is None:
            assert part.key is not None, "the settings hold one of the two"
            return Pair(OnDisk(part.key), part.certificates, part.since)
        inside = part.pkcs11
        token = tokens.setdefault((inside.module, inside.token), Token(inside.module, inside.token, inside.pin_file))
        return Pair(InToken(token, inside.label), part.certificates, part.since)

    return {
        name: Keyring(
            name,
            [pair(part) for part in parts],
            clock,
            observe,
            stated.look_s,
            partial(_refused, ROLES[name], clock, trust),
        )
        for name, parts in (("system", stated.system), ("unit", stated.unit), ("portal", stated.portal))
    }


def _refused(
    role: Role, clock: Callable[[], datetime], trust: Callable[[], Trust], chain: Sequence[x509.Certificate]
) -> str | None:
    """Why whoever receives what a key signs would not take it: a store that may not vouch, or a portal nobody pins."""
    finding = trust().may_sign_as(role, chain, at=clock())
    if finding is not None and finding.name == "store_forbidden":
        return (
            f"the certificate belongs to the {finding.words['store']} store, which may not vouch for the role {role}; "
            "it needs one of the Government's specialised CA"
        )
    pinned = [partner for partner in trust().partners if partner.role is role]
    if role is Role.PORTAL_SYSTEM and pinned and not any(chain[0] in partner.certificates for partner in pinned):
        name = ", ".join(partner.name for partner in pinned)
        return (
            f"trust.partners.{name}.certificates does not hold it, so every declaration of the second door would be "
            "rejected; name its certificate there, and reload"
        )
    return None
