"""Who may do what, from the table of adapter/services/access/rights."""

from __future__ import annotations

from adapter.model.actor import OFFICE_ROLES, ROLE_NAMES, UNIT_ROLES, Role
from adapter.services.access.rights import RIGHT_NAMES, TABLE, Right
from docs.generate.page import code, head, join, table


def page() -> str:
    """docs/reference/rights.md."""
    blocks = head(
        "Rights",
        "`adapter/services/access/rights.py`",
        "Every use case asks this table, whatever command, page or program led there. A role grants what is marked and "
        "nothing else; whoever has several roles has what each of them grants, each where that role reaches.",
    )
    blocks += ["## Roles", table(("Role", "Tiếng Việt", "English", "Reaches"), map(_role, Role))]
    roles = [code(role.value) for role in Role]
    blocks += ["## Who has which right", table(("Right", "Tiếng Việt", "English", *roles), map(_right, Right))]
    return join(blocks)


def _role(role: Role) -> tuple[str, ...]:
    name = ROLE_NAMES[role]
    return code(role.value), name.vi, name.en, _reaches(role)


def _reaches(role: Role) -> str:
    if role is Role.DECLARANT:
        return "what is his own, and what he does for whoever has authorised him"
    if role in UNIT_ROLES:
        return "the dossiers of his border unit"
    if role in OFFICE_ROLES:
        return "what his customs office and its sub-offices look up"
    return "the installation"


def _right(right: Right) -> tuple[str, ...]:
    name = RIGHT_NAMES[right]
    return code(right.value), name.vi, name.en, *("x" if role in TABLE[right] else "" for role in Role)
