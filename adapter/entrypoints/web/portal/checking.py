"""Check of a printed confirmation, without log-in: by its number and its check code."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.page import Page, Pages
from adapter.services.access.rates import RateRule
from adapter.services.dossiers.check_code import CheckedConfirmation, ConfirmationChecks

_LONGEST = 60
_SEEN = r"^[^\x00-\x1f]*$"


@dataclass(frozen=True, slots=True)
class GenuinePage(Page):
    """What was asked, and what was found; nothing was asked where `number` and `code` are empty."""

    template: ClassVar[str] = "checking.html"
    number: str
    code: str
    found: CheckedConfirmation | None

    @property
    def is_asked(self) -> bool:
        """Whether both were given."""
        return bool(self.number and self.code)


def routes(pages: Pages, checks: ConfirmationChecks, guard: Guard) -> APIRouter:
    """GET /xac-minh."""
    router = APIRouter(include_in_schema=False)
    counted = guard.seldom(RateRule.CHECK)

    @router.get("/xac-minh", dependencies=[Depends(anybody)])
    def check(
        request: Request,
        number: Annotated[str, Query(alias="so", max_length=_LONGEST, pattern=_SEEN)] = "",
        code: Annotated[str, Query(alias="ma", max_length=_LONGEST, pattern=_SEEN)] = "",
    ) -> Response:
        if number and code:
            counted(request)
        found = checks.of(number, code) if number and code else None
        return pages.respond(request, GenuinePage(number, code, found))

    return router
