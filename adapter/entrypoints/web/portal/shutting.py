"""The pages in the place of a form that is shut for its declarant: why, since when, where to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fastapi import Request
from fastapi.responses import Response

from adapter.entrypoints.web.faults import for_people
from adapter.entrypoints.web.page import Page, Pages
from adapter.entrypoints.web.problems import turned_away
from adapter.model.units import BorderUnits
from adapter.services.door.draft import GrantEnded
from adapter.services.door.shut import AccountShut


@dataclass(frozen=True, slots=True)
class ShutPage(Page):
    """The account is suspended (Article 8). `unit`: the name of the unit whose gates are shut; empty: everywhere."""

    template: ClassVar[str] = "shut.html"
    reason: str
    since: datetime
    unit: str
    telephone: str


@dataclass(frozen=True, slots=True)
class GrantEndedPage(Page):
    """It was begun for a principal, by its number, who does not authorise him any more."""

    template: ClassVar[str] = "grant_ended.html"
    principal: str


def grant_ended(pages: Pages) -> Callable[[Request, Any], Response]:
    """The handler of GrantEnded, which pages of drafts alone raise."""

    def told(request: Request, error: GrantEnded) -> Response:
        return pages.respond(request, GrantEndedPage(error.principal), 403)

    return told


def answer(pages: Pages, units: Callable[[], BorderUnits]) -> Callable[[Request, Any], Response]:
    """The handler of AccountShut: a page for people, a problem for programs."""

    def told(request: Request, error: AccountShut) -> Response:
        if not for_people(request):
            return turned_away(request, error)
        stated = error.suspension
        unit = units().by_code(stated.unit) if stated.unit else None
        name, telephone = (unit.name, unit.telephone) if unit else (stated.unit or "", "")
        return pages.respond(request, ShutPage(stated.reason, stated.since, name, telephone), 403)

    return told
