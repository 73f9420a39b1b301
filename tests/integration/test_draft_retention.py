"""A draft that nobody changes ends after a while, and its owner is told before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store import tables
from adapter.model.notification import NO_NOTIFICATIONS
from adapter.services.door.draft import Draft
from tests.harness.fixtures import CLOCK
from tests.harness.stores import ensure_tables
from tests.harness.website import CITIZEN, configure
from tests.integration.test_drafts import begun


@dataclass
class Months:
    """An installation whose legal time goes on."""

    components: Components
    now: datetime = CLOCK

    def sweep(self, day: int) -> int:
        """What the clock does on that day after the first."""
        self.now = CLOCK + timedelta(days=day)
        return self.components.draft_retention.sweep()

    def told(self) -> list[str]:
        with self.components.database.reading() as connection:
            rows = connection.execute(select(tables.notification).order_by(tables.notification.c.created_at)).all()
        return [row.words["until"] for row in rows if row.number == CITIZEN and row.kind == "draft_ends"]

    def drafts(self) -> list[Draft]:
        return self.components.drafts.unsent(CITIZEN)


@pytest.fixture
def months(tmp_path: Path, database_url: str) -> Iterator[Months]:
    built = assemble(configure(tmp_path, database_url, {"web.drafts": {"keep_days": 90, "notice_days": 7}}))
    made = Months(built)
    built.legal_clock = lambda: made.now  # type: ignore[misc]
    ensure_tables(built.database)
    yield made
    built.database.close()


def test_its_owner_is_told_a_week_before_and_once(months: Months) -> None:
    begun(months.components)
    assert (months.sweep(82), months.told()) == (0, [])
    assert (months.sweep(83), months.told()) == (0, ["07:15, 31/05/2026"])
    assert (months.sweep(89), len(months.told()), len(months.drafts())) == (0, 1, 1)
    assert (months.sweep(90), months.drafts()) == (1, [])


def test_after_a_long_stop_he_still_has_the_week(months: Months) -> None:
    begun(months.components)
    assert months.sweep(200) == 0
    assert (months.sweep(206), len(months.drafts())) == (0, 1)
    assert months.sweep(207) == 1


def test_what_is_changed_meanwhile_is_kept_for_as_long_again_and_told_of_again(months: Months) -> None:
    draft = begun(months.components)
    months.sweep(85)
    months.components.drafts.save(draft, draft.answers.with_values({"purpose": "Thăm thân"}))
    assert (months.sweep(100), len(months.drafts())) == (0, 1)
    assert (months.sweep(168), len(months.told())) == (0, 2)
    assert (months.sweep(175), months.drafts()) == (1, [])


def test_what_waits_for_the_portal_to_open_and_what_was_sent_stays(months: Months) -> None:
    draft = begun(months.components)
    months.components.drafts.change(draft, {"waits_since": CLOCK})
    other = begun(months.components)
    months.components.drafts.change(other, {"sent_as": "m-1", "sent_at": CLOCK})
    months.sweep(200)
    assert (months.sweep(300), months.told(), len(months.drafts())) == (0, [], 1)


@pytest.mark.parametrize(
    "change", [{"keep": None}, {"told": lambda: NO_NOTIFICATIONS}], ids=["for ever", "nobody told"]
)
def test_where_it_is_to_be_kept_or_nobody_can_be_told_it_stays(months: Months, change: dict[str, object]) -> None:
    begun(months.components)
    retention = replace(months.components.draft_retention, **change)  # type: ignore[arg-type]
    months.now = CLOCK + timedelta(days=1000)
    assert (retention.sweep(), retention.sweep(), len(months.drafts())) == (0, 0, 1)
