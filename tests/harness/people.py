"""People for tests: anybody with any role, as the register of people would give him."""

from __future__ import annotations

from adapter.model.actor import EVERYWHERE, STAFF_ROLES, Actor, ActorKind, Role


def person(
    code: str, *roles: Role, name: str = "", rank: str = "", unit: str | None = None, office: str | None = None
) -> Actor:
    """A registered person in these roles."""
    return Actor(ActorKind.PERSON, code, name, rank, roles=frozenset(roles), unit=unit, office=office)


def anybody(code: str, *, name: str = "", rank: str = "") -> Actor:
    """Somebody with every right of the staff, everywhere."""
    return Actor(ActorKind.PERSON, code, name, rank, roles=STAFF_ROLES, unit=EVERYWHERE, office=EVERYWHERE)
