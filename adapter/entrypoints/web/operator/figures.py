"""Messages and their answers over time, and deadlines met and broken: each as a picture and as a table."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.operator.aged import Aged
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.store.snapshots import DeadlinesSeen, KeptFigures, Snapshot
from adapter.gateways.store.throughput import BOUNDS_S, Counted
from adapter.model.actor import Actor
from adapter.model.outcomes import Word
from adapter.pipeline.terms import RUNNING_KINDS
from adapter.services.access.rights import Right
from adapter.services.watch.console import Console, Traffic, TrafficPart, TrafficSpan
from adapter.services.watch.looks import DAYS

ADDRESS = "/van-hanh/so-lieu"
WIDTH, HEIGHT = 720, 160
"""Of a picture, in its own units."""
_GAP = 0.2
"""Of a column's place that is left empty."""
_SHARE = 0.95
NO_MESSAGES = Counted(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0)
SLOWER = ("within_1s", "within_5s", "within_30s", "within_300s", "later", "unsent")
"""How long answers took, from the fastest on; the last two: more than five minutes, not sent yet."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a column of the picture."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the picture: what came in one part of the span. `steps`: answers by how long they took."""

    part: TrafficPart
    counted: Counted
    x: float
    blocks: tuple[Block, ...]
    steps: dict[str, int]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of columns, and the highest of them."""

    columns: tuple[Column, ...]
    most: int
    width: float


@dataclass(frozen=True, slots=True)
class FiguresPage(Aged, Page):
    """The figures of a span, and of the deadlines of the last days."""

    template: ClassVar[str] = "figures.html"
    days: ClassVar[int] = DAYS
    width: ClassVar[int] = WIDTH
    height: ClassVar[int] = HEIGHT
    spans: ClassVar[tuple[TrafficSpan, ...]] = tuple(TrafficSpan)
    outcomes: ClassVar[tuple[str, ...]] = tuple(word.value for word in Word)
    slower: ClassVar[tuple[str, ...]] = SLOWER
    kinds: ClassVar[frozenset[str]] = frozenset({*RUNNING_KINDS, "reconcile_within"})
    traffic: Traffic
    deadlines: Snapshot[DeadlinesSeen] | None

    @property
    def messages(self) -> Chart:
        """By outcome."""
        return self._chart(lambda counted: {name: getattr(counted, name) for name in self.outcomes})

    @property
    def answers(self) -> Chart:
        """By how long they took."""
        return self._chart(took)

    @property
    def figures(self) -> Sequence[KeptFigures]:
        """Of deadlines that were met or broken."""
        seen = self.deadlines.seen.figures if self.deadlines is not None and self.deadlines.seen is not None else ()
        return [each for each in seen if each.met or each.late or each.overdue]

    @property
    def most(self) -> int:
        """The longest bar of deadlines."""
        return max((each.met + each.late + each.overdue for each in self.figures), default=1)

    def steps(self, counted: Counted) -> dict[str, int]:
        """Answers by how long they took."""
        return took(counted)

    def usual(self, counted: Counted) -> str:
        """Within which bound 95 of a hundred answers had left, by the name of the words for it; empty: no answer."""
        if not counted.answered:
            return ""
        return next((name for name in BOUNDS_S if getattr(counted, name) >= _SHARE * counted.answered), "later")

    def _chart(self, split: Callable[[Counted], dict[str, int]]) -> Chart:
        place = WIDTH / len(self.traffic.parts)
        rows = [(part, part.counted or NO_MESSAGES) for part in self.traffic.parts]
        most = max(sum(split(counted).values()) for _, counted in rows)
        columns = [
            Column(part, counted, number * place, tuple(_blocks(split(counted), most)), took(counted))
            for number, (part, counted) in enumerate(rows)
        ]
        return Chart(tuple(columns), most, place * (1 - _GAP))


def took(counted: Counted) -> dict[str, int]:
    """How many answers took how long; each is counted once."""
    found, before = {}, 0
    for name in BOUNDS_S:
        found[name], before = getattr(counted, name) - before, getattr(counted, name)
    return {**found, "later": counted.answered - before, "unsent": counted.unsent}


def _blocks(values: dict[str, int], most: int) -> Sequence[Block]:
    found, top = [], float(HEIGHT)
    for name, many in values.items():
        height = HEIGHT * many / (most or 1)
        top -= height
        if many:
            found.append(Block(name, top, height))
    return found


def routes(pages: Pages, console: Console, clock: Callable[[], datetime], guard: Guard) -> APIRouter:
    """/van-hanh/so-lieu."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def figures(
        request: Request,
        actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))],
        khoang: Annotated[str, Query(max_length=10)] = "",
    ) -> Response:
        span = TrafficSpan(khoang) if khoang in set(TrafficSpan) else TrafficSpan.DAY
        page = FiguresPage(clock(), console.traffic(span, actor=actor), console.deadlines(actor=actor))
        return pages.respond(request, page)

    return router
