"""What the manager of the window announces is an incident from its notice to its end (NĐ 85/2019 Article 17)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.gateways.tables import incident
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Submission
from adapter.services.window import Mode
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, FIXTURES
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene

NOTICE = ("rejected-incident-notice-without-reason", "<NoticeNumber>", "<Reason>Sự cố máy chủ</Reason><NoticeNumber>")
END = ("rejected-incident-end-in-portal-date-form", "02/03/2026 09:00:00", "2026-03-02 09:00:00")
"""A fixture that is rejected for one thing, what is wrong in it, and what it must be."""
Announce = Callable[[str, str, str], None]
_NUMBERS = itertools.count()


@pytest.fixture
def announce(scene: Scene) -> Announce:
    scene.house.legal_clock = lambda: CLOCK

    def announce(case: str, wrong: str, right: str) -> None:
        text = (FIXTURES / "BQP0100000" / case / "message.xml").read_text(encoding="utf-8")
        assert wrong in text
        old = text.partition("<messageId>")[2].partition("<")[0]
        text = text.replace(wrong, right).replace(old, f"{next(_NUMBERS):08d}{old[8:]}")
        raw = sign_message(text.encode(), system=shared_pki().party("nsw"), declarant=None)
        (settled,) = scene.house.intake.receive(
            [Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))]
        )
        assert settled.outcome is Word.ACCEPTED, settled

    return announce


def incidents(scene: Scene) -> list[tuple[str, str, str, str, datetime, datetime | None]]:
    with scene.house.database.reading() as connection:
        rows = connection.execute(select(incident)).all()
    return [(row.cause, row.reason, row.notice_number, row.actor, row.started_at, row.ended_at) for row in rows]


def test_a_notice_opens_an_incident_and_its_end_ends_it(scene: Scene, announce: Announce) -> None:
    began, ended = CLOCK - timedelta(minutes=15), datetime.fromisoformat("2026-03-02T09:00:00+07:00")
    announce(*NOTICE)
    scene.house.window.refresh(broker_up=True, started_at=began)
    down = scene.house.window.state()
    assert (down.mode, down.cause) == (Mode.DOWN, "notice")
    assert incidents(scene) == [("notice", "Sự cố máy chủ", "12/TB-2026", "nsw", began, None)]
    announce(*END)
    assert incidents(scene) == [("notice", "Sự cố máy chủ", "12/TB-2026", "nsw", began, ended)]
