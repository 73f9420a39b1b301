"""A page of tables: the form of all registers, and of all data that are only shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from adapter.entrypoints.web.page import Page
from adapter.model.procedure import Label
from adapter.services.access.administration import AdminAct

HOME = "/quan-tri"


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of a table: a text, a label, the key of words, or a time; `address`: the page that it links to."""

    text: str = ""
    address: str = ""
    at: datetime | None = None
    labels: tuple[Label, ...] = ()
    words: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class RegisterTable:
    """A table. `title` and `heads` are keys of words; `named`: what its title is about."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    named: str = ""
    note: str = ""
    """Key of what is said above it; empty: nothing."""


@dataclass(frozen=True, slots=True)
class RegisterLink:
    """A link beside the tables: the key of its words and its address."""

    words: str
    address: str
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class RegisterPage(Page):
    """One such page. `tab`: its name in the navigation of the area; `note`: the key of the words above the tables."""

    template: ClassVar[str] = "register.html"
    tab: str
    tables: tuple[RegisterTable, ...]
    links: tuple[RegisterLink, ...] = ()
    named: str = ""
    find: str | None = None
    """What was searched for; None: nothing is searched for here."""
    day: str | None = None
    """The day that is shown; None: no day is chosen here."""
    other_day: str = ""
    """The day that it is compared with."""


def act_address(act: AdminAct, subject: str = "") -> str:
    """The address of the form that proposes an act; `subject`: the person or thing that it is about."""
    return f"{HOME}/lam/{act.value}" + (f"?ve={subject}" if subject else "")
