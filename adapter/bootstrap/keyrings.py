"""Our keys as the configuration states them: in files, or in hardware modules that are opened once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509

from adapter.bootstrap.reach import Reach
from adapter.gateways.keys.keyring import InToken, Keyring, OnDisk, Pair
from adapter.gateways.keys.pkcs11 import Token
from adapter.model.events import Observe
from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Trust
from adapter.pipeline.trust.holder import names_of, spelled
from adapter.settings import KeySettings, Settings, UnitSettings

ROLES = {"system": SignerRole.BORDER, "portal": SignerRole.PORTAL_SYSTEM}
"""Parties without whose keys this installation does nothing; units' keys sign for the border guard too."""
Proof = Callable[[Sequence[x509.Certificate]], str | None]


@dataclass(frozen=True, slots=True)
class Rings:
    """Our keys: of system and portal by their names, of units by the units' codes."""

    own: Mapping[str, Keyring]
    units: Mapping[str, Keyring]


def keyrings(
    settings: Settings, clock: Callable[[], datetime], observe: Observe, trust: Callable[[], Trust], reach: Reach
) -> Rings:
    """The keyrings of a process; `clock` says which pair signs now, `trust` who takes it.

    The key of an installation that states no units has the code of its own party, or none.
    """
    stated, tokens = settings.keys, dict[tuple[Path, str], Token]()

    def pair(part: KeySettings) -> Pair:
        if part.pkcs11 is None:
            assert part.key is not None, "the settings hold one of the two"
            return Pair(OnDisk(part.key), part.certificates, part.since)
        inside = part.pkcs11
        token = tokens.setdefault((inside.module, inside.token), Token(inside.module, inside.token, inside.pin_file))
        return Pair(InToken(token, inside.label), part.certificates, part.since)

    def ring(name: str, parts: Sequence[KeySettings], proof: Proof) -> Keyring:
        return Keyring(name, [pair(part) for part in parts], clock, observe, stated.look_s, proof)

    def refused(role: SignerRole) -> Proof:
        return partial(_refused, role, clock, trust)

    own = {"system": stated.system, "portal": stated.portal}
    if reach is not Reach.WHOLE:  # nobody there can open what is not named
        own = {name: pairs for name, pairs in own.items() if name == reach.value}
        return Rings({name: ring(name, pairs, refused(ROLES[name])) for name, pairs in own.items()}, {})
    units = {
        code: replace(ring(code, unit.key, _of_unit(code, settings.units, refused(SignerRole.BORDER))), section="units")
        for code, unit in settings.units.items()
    }
    if stated.unit is not None:
        units = {settings.installation.own.unit_code or "": ring("unit", stated.unit, refused(SignerRole.BORDER))}
    return Rings(
        {name: ring(name, parts, refused(ROLES[name])) for name, parts in own.items()},
        {code: replace(each, is_needed=False) for code, each in units.items()},
    )


def _of_unit(code: str, units: Mapping[str, UnitSettings], proof: Proof) -> Proof:
    def refused(chain: Sequence[x509.Certificate]) -> str | None:
        return of_another(code, units, chain[0]) or proof(chain)

    return refused


def of_another(code: str, units: Mapping[str, UnitSettings], certificate: x509.Certificate) -> str | None:
    """Why a certificate does not belong to a unit; None if its subject names that unit and no other.
    Two units with exchanged keys would confirm in each other's name.
    """
    named = names_of(certificate)
    whose = [each for each, unit in units.items() if named & set(map(spelled, unit.names(each)))]
    if whose == [code]:
        return None
    if whose:
        return f"the certificate is that of {' and '.join(whose)}, not of {code}; put each unit's own there"
    return (
        f"the certificate names no unit: its subject says {', '.join(sorted(named))}; if it is that of {code}, "
        f"state one of these in units.{code}.certificate_names"
    )


def _refused(
    role: SignerRole, clock: Callable[[], datetime], trust: Callable[[], Trust], chain: Sequence[x509.Certificate]
) -> str | None:
    """Why a receiver would refuse what a key signs: a store that may not be used for it, or a portal that is not
    pinned.
    """
    finding = trust().may_sign_as(role, chain, at=clock())
    if finding is not None and finding.name == "store_forbidden":
        return (
            f"the certificate belongs to the {finding.words['store']} store, which is not for the role {role}; "
            "it needs one of the Government's specialised CA"
        )
    pinned = [partner for partner in trust().partners if partner.role is role]
    if role is SignerRole.PORTAL_SYSTEM and pinned and not any(chain[0] in partner.certificates for partner in pinned):
        name = ", ".join(partner.name for partner in pinned)
        return (
            f"trust.partners.{name}.certificates does not hold it, so every declaration of the portal would be "
            "rejected; name its certificate there, and reload"
        )
    return None
