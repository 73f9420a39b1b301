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


TESTER = anybody("test")
"""Where it does not matter who acts."""


def declarant(number: str | None, token: int = 1) -> Actor:
    """The program of a declarant, as his token makes it."""
    return _machine(token, Role.DECLARANT, number=number)


def customs(office: str, token: int = 1) -> Actor:
    """The program of a customs office, as its token makes it."""
    return _machine(token, Role.CUSTOMS_OFFICER, office=office)


def _machine(token: int, role: Role, *, number: str | None = None, office: str | None = None) -> Actor:
    roles = frozenset({role})
    return Actor(ActorKind.MACHINE, f"token:{token}", roles=roles, number=number, office=office, token=token)
