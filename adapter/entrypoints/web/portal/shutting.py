"""The page in the place of a form that is shut for its declarant: why, since when, where to ask (Article 8)."""

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
from adapter.services.door.shut import AccountShut


@dataclass(frozen=True, slots=True)
class ShutPage(Page):
    """The notice. `unit`: the name of the unit whose gates are shut; empty: everywhere."""

    template: ClassVar[str] = "shut.html"
    reason: str
    since: datetime
    unit: str
    telephone: str


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
