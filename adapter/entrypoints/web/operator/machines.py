"""The parts of each machine's daemon, with memory and age, as the clock saw them."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.health import NEEDS
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.operator.aged import Aged
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.store.snapshots import MachineSeen, Snapshot
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.watch.console import Console

ADDRESS = "/van-hanh/tien-trinh"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MachinesPage(Aged, Page):
    """`memory_mib`: resident memory at which the supervisor ends a part."""

    template: ClassVar[str] = "machines.html"
    known: ClassVar[frozenset[str]] = frozenset(NEEDS) - {"supervisor"}
    machines: tuple[Snapshot[MachineSeen], ...]
    memory_mib: int

    def mib(self, resident_bytes: int) -> int:
        """Bytes as they are shown."""
        return resident_bytes // MEBIBYTE


def routes(pages: Pages, console: Console, memory_mib: int, clock: Callable[[], datetime], guard: Guard) -> APIRouter:
    """/van-hanh/tien-trinh."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def machines(
        request: Request, actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))]
    ) -> Response:
        return pages.respond(request, MachinesPage(clock(), console.machines(actor=actor), memory_mib))

    return router
