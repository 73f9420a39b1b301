"""The broker's queues as the clock saw them, and replies that have not left, each with why and what to do."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.operator.aged import Aged
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.store.snapshots import QueueSeen, QueuesSeen, Snapshot
from adapter.gateways.store.staying import Stays
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.messages.quarantine import QUEUE
from adapter.services.watch.console import Console, Staying

ADDRESS = "/van-hanh/hang-doi"
REPAIR = (Stays.RETURNED, Stays.REFUSED, Stays.UNCONFIRMED, Stays.UNIT_KEY)
"""Reasons that somebody has to do something about; the others pass by themselves."""


@dataclass(frozen=True, slots=True)
class QueuesPage(Aged, Page):
    """Both. `reason`: of which replies are listed."""

    template: ClassVar[str] = "queues.html"
    repair: ClassVar[frozenset[str]] = frozenset(each.value for each in REPAIR)
    looked: Snapshot[QueuesSeen] | None
    staying: Staying
    reason: str

    @property
    def queues(self) -> tuple[QueueSeen, ...]:
        """As they were seen last."""
        return self.looked.seen.queues if self.looked is not None and self.looked.seen is not None else ()

    def trouble(self, queue: QueueSeen) -> str:
        """What is wrong with a queue, by the name of the words for it; empty: nothing."""
        if queue.is_missing:
            return "missing"
        if queue.name == QUEUE:
            return "held" if queue.messages else ""
        return "unread" if queue.messages and not queue.consumers else ""


def routes(pages: Pages, console: Console, clock: Callable[[], datetime], guard: Guard) -> APIRouter:
    """/van-hanh/hang-doi."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def queues(
        request: Request,
        actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))],
        reason: Annotated[str, Query(alias="vi-sao", max_length=20)] = "",
    ) -> Response:
        asked = Stays(reason) if reason in set(Stays) else None
        staying = console.staying(asked, actor=actor)
        page = QueuesPage(clock(), console.queues(actor=actor), staying, asked.value if asked else "")
        return pages.respond(request, page)

    return router
