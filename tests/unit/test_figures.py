"""The charts of operators: each block of a column is as high as the number of its table says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.entrypoints.web.operator.figures import HEIGHT, Chart, FiguresPage
from adapter.gateways.store.throughput import SpanCounted
from adapter.services.watch.console import Traffic, TrafficPart, TrafficSpan
from tests.harness.fixtures import CLOCK

BUSY = SpanCounted(90, 40, 20, 20, 10, 70, 20, 20, 30, 50, 60, 400.0, 1)
QUIET = SpanCounted(9, 9, 0, 0, 0, 9, 0, 9, 9, 9, 9, 0.5, 2)


@pytest.fixture
def page() -> FiguresPage:
    parts = [TrafficPart(CLOCK + timedelta(hours=hour), counted) for hour, counted in enumerate((BUSY, None, QUIET))]
    return FiguresPage(CLOCK, Traffic(TrafficSpan.DAY, tuple(parts), ()), None)


def drawn(chart: Chart) -> list[dict[str, int]]:
    """By column: how many each block stands for, by its height."""
    return [
        {block.name: round(block.height * chart.most / HEIGHT) for block in column.blocks} for column in chart.columns
    ]


def test_a_chart_of_outcomes_shows_the_numbers_of_its_table(page: FiguresPage) -> None:
    told = [{name: getattr(column.counted, name) for name in page.outcomes} for column in page.messages.columns]
    assert told[0] == {"accepted": 40, "refused": 20, "rejected": 20, "parked": 10}
    assert drawn(page.messages) == [{name: many for name, many in each.items() if many} for each in told]


def test_a_chart_of_answers_shows_the_numbers_of_its_table_and_each_answer_once(page: FiguresPage) -> None:
    told = [column.steps for column in page.answers.columns]
    assert list(told[0].values()) == [20, 10, 20, 10, 10, 20]
    assert sum(told[0].values()) == BUSY.answered + BUSY.unsent
    assert drawn(page.answers) == [{name: many for name, many in each.items() if many} for each in told]


def test_blocks_of_a_column_stand_one_upon_the_other(page: FiguresPage) -> None:
    for column in (*page.messages.columns, *page.answers.columns):
        ground = float(HEIGHT)
        for block in column.blocks:
            ground -= block.height
            assert block.y == pytest.approx(ground)
        assert ground > -0.001
