"""Who acts: a person or a machine, in which roles, for which border unit or customs office, on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapter.model.procedure import Label
from adapter.model.text import ACTOR, OFFICER_NAME, OFFICER_RANK, typed

EVERYWHERE = "*"
"""Instead of the code of a unit or an office: all of them."""


class ActorKind(StrEnum):
    """Kinds of actors."""

    PERSON = "person"
    MACHINE = "machine"
    """A program: a declarant's, that of customs, or a part of this one."""


class Role(StrEnum):
    """A role of an actor. It grants the rights that the table gives it, and nothing else."""

    DECLARANT = "declarant"
    OFFICER = "officer"
    COMMANDER = "commander"
    DEPUTY = "deputy"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    CUSTOMS_OFFICER = "customs_officer"
    CUSTOMS_ADMINISTRATOR = "customs_administrator"
    AUDITOR = "auditor"


UNIT_ROLES = frozenset({Role.OFFICER, Role.COMMANDER, Role.DEPUTY})
"""Roles in one border unit: they reach the dossiers of that unit only."""
OFFICE_ROLES = frozenset({Role.CUSTOMS_OFFICER, Role.CUSTOMS_ADMINISTRATOR})
"""Roles in one customs office: they reach what that office and the offices below it look up."""
STAFF_ROLES = frozenset(Role) - {Role.DECLARANT}
"""Roles of people in the register. A declarant has an account and no entry in the register."""

ROLE_NAMES = {
    Role.DECLARANT: Label("người khai", "declarant"),
    Role.OFFICER: Label("cán bộ biên phòng", "border officer"),
    Role.COMMANDER: Label("đồn trưởng", "commander of the unit"),
    Role.DEPUTY: Label("phó đồn trưởng", "deputy commander of the unit"),
    Role.OPERATOR: Label("người vận hành", "operator"),
    Role.ADMINISTRATOR: Label("quản trị viên", "administrator"),
    Role.CUSTOMS_OFFICER: Label("công chức hải quan", "customs officer"),
    Role.CUSTOMS_ADMINISTRATOR: Label("quản trị viên hải quan", "customs administrator"),
    Role.AUDITOR: Label("người kiểm tra", "auditor"),
}
"""The roles in words, as pages say them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or machine at the moment of an act, with the rights of its roles.

    A machine's `id` is its name in the journal, such as `token:5`; a person's is that of the
    register, a declarant's that of the account. It is never a personal number.
    """

    kind: ActorKind
    id: str
    name: str = ""
    """As people read it and as signed forms state it; neither journal nor log has it."""
    rank: str = ""
    """An officer's rank, as signed forms state it."""
    roles: frozenset[Role] = frozenset()
    unit: str | None = None
    """Code of his border unit; `EVERYWHERE`: every unit."""
    office: str | None = None
    """Code of his customs office; `EVERYWHERE`: every office."""
    number: str | None = field(default=None, repr=False)
    """Personal number or tax code of a declarant, or of the one whose machine it is; for neither journal nor log."""
    on_behalf_of: str | None = field(default=None, repr=False)
    """Personal number or tax code of the principal; None: the actor acts for itself."""
    by_grant: bool = False
    """True: authorised by the principal; False: the principal's own account."""
    principals: tuple[str, ...] = field(default=(), repr=False)
    """Numbers of the principals who have authorised him: he chooses one to act for."""
    account: str | None = None
    """Account of the operating system in which a command was typed; None: no command."""
    typed_by: str | None = None
    """Who typed it for the actor, if stated; None: not known, or the actor."""
    token: int | None = None
    """Id of the token that was shown; None: no token."""
    client: str | None = None
    """Code of the program that acts for him with a proven identity; None: no program."""
    proven_at: datetime | None = field(default=None, compare=False)
    """When the person last proved his identity at a log-in of pages; None: not known, or no page."""
    is_registered: bool = True
    """Whether the person is in the register of people; others act only while it is empty."""

    def __post_init__(self) -> None:
        """
        Raises:
            NotAllowed: the forms that are signed, or the journal, cannot hold the id, name or rank.
        """
        for part, most in (("id", ACTOR), ("name", OFFICER_NAME), ("rank", OFFICER_RANK)):
            least = 1 if part == "id" else 0
            checked = typed(getattr(self, part), f"the {part} of who acts", most=most, least=least)
            object.__setattr__(self, part, checked)

    @property
    def journal_name(self) -> str:
        """The actor's name in the journal: `token:5`, `person:an-01`, `declarant:12`, `unregistered:an`."""
        if self.kind is ActorKind.MACHINE:
            return self.id
        if Role.DECLARANT in self.roles:
            return f"declarant:{self.id}"
        return f"{'person' if self.is_registered else 'unregistered'}:{self.id}"

    @property
    def came_by(self) -> dict[str, str | int]:
        """The account and token, and who typed it, for the journal; empty where none is known."""
        token = self.token if self.kind is ActorKind.PERSON else None  # a machine's name is its token
        ways = {"account": self.account, "typed_by": self.typed_by, "by_token": token, "client": self.client}
        return {name: way for name, way in ways.items() if way is not None}

    @property
    def organisation(self) -> str | None:
        """Tax code of the organisation whose account he uses; None: he has none, or acts by an authorisation now."""
        return None if self.by_grant else self.on_behalf_of

    @property
    def speaks_for(self) -> str | None:
        """Personal number or tax code of whoever is bound by the act: the principal, else the actor itself."""
        return self.on_behalf_of or self.number
