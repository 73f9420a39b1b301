"""What the manager of the window announces is an incident from its notice to its end (NĐ 85/2019 Article 17)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.gateways.store.tables import incident, journal
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Submission
from adapter.services.watch.mode import Sight, WindowPatience
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, FIXTURES
from tests.harness.people import anybody
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene

NOTICE = ("rejected-incident-notice-without-reason", "<NoticeNumber>", "<Reason>Sự cố máy chủ</Reason><NoticeNumber>")
END = ("rejected-incident-end-in-portal-date-form", "02/03/2026 09:00:00", "2026-03-02 09:00:00")
"""A fixture that is rejected for one thing, what is wrong in it, and what it must be."""
PATIENCE = WindowPatience(broker_down_s=0, heartbeat_max_age_s=None, stale_s=30, back_s=0)
Announce = Callable[..., None]
_NUMBERS = itertools.count()


@pytest.fixture
def announce(scene: Scene) -> Announce:
    scene.components.legal_clock = lambda: CLOCK
    scene.components.window = replace(scene.components.window, patience=PATIENCE)

    def announce(case: str, wrong: str, right: str, *more: tuple[str, str]) -> None:
        text = (FIXTURES / "BQP0100000" / case / "message.xml").read_text(encoding="utf-8")
        for old, new in ((wrong, right), *more):
            assert old in text
            text = text.replace(old, new)
        old = text.partition("<messageId>")[2].partition("<")[0]
        text = text.replace(old, f"{next(_NUMBERS):08d}{old[8:]}")
        raw = sign_message(text.encode(), system=shared_pki().party("nsw"), declarant=None)
        (settled,) = scene.components.intake.receive(
            [Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))]
        )
        assert settled.outcome is Word.ACCEPTED, settled

    return announce


def incidents(scene: Scene) -> list[tuple[str, str, str, str, datetime, datetime | None]]:
    with scene.components.database.reading() as connection:
        rows = connection.execute(select(incident)).all()
    return [(row.cause, row.reason, row.notice_number, row.actor, row.started_at, row.ended_at) for row in rows]


def test_a_notice_opens_an_incident_and_its_end_ends_it(scene: Scene, announce: Announce) -> None:
    began, ended = CLOCK - timedelta(minutes=15), datetime.fromisoformat("2026-03-02T09:00:00+07:00")
    announce(*NOTICE)
    scene.components.window.refresh(broker_up=True, started_at=began)
    down = scene.components.window.state()
    assert (down.condition, down.cause) == (Sight.DOWN, "notice")
    assert incidents(scene) == [("notice", "Sự cố máy chủ", "12/TB-2026", "nsw", began, None)]
    announce(*END)
    scene.components.window.refresh(broker_up=True, started_at=began)
    assert scene.components.window.state().condition is Sight.UP
    assert incidents(scene) == [("notice", "Sự cố máy chủ", "12/TB-2026", "nsw", began, ended)]


def test_the_expected_end_is_kept_and_the_newest_notice_says_it(scene: Scene, announce: Announce) -> None:
    announce(*NOTICE)
    scene.components.window.refresh(broker_up=True, started_at=CLOCK)
    state = scene.components.window.state()
    assert state.expected_end == datetime.fromisoformat("2026-03-02T09:00:00+07:00")
    assert scene.components.window.note().startswith("the window is down since ")
    assert "its end is expected at 2026-03-02 09:00:00" in scene.components.window.note()
    later = ("Sự cố máy chủ</Reason><NoticeNumber>12/", "Chưa sửa xong</Reason><NoticeNumber>13/")
    announce(*NOTICE, later, ("<ExpectedEnd>2026-03-02 09:00:00", "<ExpectedEnd>2026-03-02 16:30:00"))
    (stands,) = scene.components.window.incidents(10)
    assert stands.expected_end == datetime.fromisoformat("2026-03-02T16:30:00+07:00")
    assert (stands.notice_number, stands.reason) == ("12/TB-2026", "Chưa sửa xong")


@pytest.mark.parametrize("word", [Sight.UP, Sight.DOWN])
def test_an_announced_incident_lasts_from_notice_to_end_whatever_is_overridden(
    scene: Scene, announce: Announce, word: Sight
) -> None:
    window = scene.components.window
    announce(*NOTICE)
    window.override(word, reason="a trial of the line", actor=anybody("kt"))
    window.refresh(broker_up=True, started_at=CLOCK)
    assert (window.state().condition, window.state().seen) == (word, Sight.DOWN)
    window.end_override(actor=anybody("kt"))
    assert window.state().cause == "notice"
    window.override(word, reason="a trial of the line", actor=anybody("kt"))
    announce(*END)
    window.refresh(broker_up=True, started_at=CLOCK)
    still = word is Sight.DOWN
    assert [each.ended_at is None for each in window.incidents(10)] == [still], "down is his word that it goes on"
    window.end_override(actor=anybody("kt"))
    (over,) = window.incidents(10)
    assert over.ended_at is not None
    assert window.state().condition is Sight.UP


def test_a_notice_about_an_outage_that_was_seen_already_is_the_same_incident(scene: Scene, announce: Announce) -> None:
    window = scene.components.window
    window.refresh(broker_up=False, started_at=CLOCK)
    announce(*NOTICE)
    window.refresh(broker_up=True, started_at=CLOCK)
    assert (window.state().condition, window.state().cause) == (Sight.DOWN, "notice"), "its manager has said no more"
    announce(*END)
    window.refresh(broker_up=True, started_at=CLOCK)
    assert window.state().condition is Sight.UP
    (only,) = window.incidents(10)
    assert (only.cause, only.notice_number) == ("broker", "12/TB-2026")


def test_whoever_says_that_he_works_again_is_not_missed_for_a_heartbeat(scene: Scene, announce: Announce) -> None:
    """He did not send any while he was down; the next one may be minutes away."""
    strict = replace(PATIENCE, heartbeat_max_age_s=300.0)
    window = replace(scene.components.window, patience=strict, clock=lambda: CLOCK)
    announce(*NOTICE)
    window.refresh(broker_up=True, started_at=CLOCK - timedelta(hours=1))
    announce(*END)
    window.refresh(broker_up=True, started_at=CLOCK - timedelta(hours=1))
    assert window.state().condition is Sight.UP
    assert len(window.incidents(10)) == 1


def test_an_operator_may_say_that_an_announced_incident_is_over(scene: Scene, announce: Announce) -> None:
    window = scene.components.window
    with pytest.raises(NotAllowed, match="no notice"):
        window.end_notice(reason="Công văn 124/TCHQ", actor=anybody("kt"))
    announce(*NOTICE)
    window.refresh(broker_up=True, started_at=CLOCK)
    window.end_notice(reason="Công văn 124/TCHQ", actor=anybody("kt"))
    assert window.state().condition is Sight.UP
    assert [each.ended_at is not None for each in window.incidents(10)] == [True]


def test_an_announced_incident_is_over_when_the_manager_says_and_not_when_that_is_recorded(
    scene: Scene, announce: Announce
) -> None:
    """One working day runs from the repair (NĐ 85/2019 Article 17(5)), not from an operator's click."""
    window, kt = scene.components.window, anybody("kt")
    announce(*NOTICE)
    window.refresh(broker_up=True, started_at=CLOCK)
    (standing,) = window.incidents(10)
    with pytest.raises(NotAllowed, match="still to come"):
        window.end_notice(reason="Điện thoại", actor=kt, at=window.clock() + timedelta(hours=1))
    with pytest.raises(NotAllowed, match="lies before"):
        window.end_notice(reason="Điện thoại", actor=kt, at=standing.started_at - timedelta(seconds=1))
    over = standing.started_at + timedelta(minutes=40)
    window.end_notice(reason="Điện thoại TCHQ, 06:40", actor=kt, at=over)
    assert [each.ended_at for each in window.incidents(10)] == [over]
    query = select(journal.c.at, journal.c.detail).where(journal.c.event == "window.notice_end")
    with scene.components.database.reading() as connection:
        ((recorded, detail),) = connection.execute(query).all()
    assert recorded > over
    assert datetime.fromisoformat(detail["ended_at"]) == over


def test_an_operator_who_was_told_by_telephone_says_when_it_should_be_over(scene: Scene) -> None:
    window = scene.components.window
    end = window.clock().replace(microsecond=0) + timedelta(hours=3)
    with pytest.raises(NotAllowed, match="down only"):
        window.override(Sight.UP, reason="Điện thoại", actor=anybody("kt"), expected_end=end)
    window.override(Sight.DOWN, reason="Điện thoại", actor=anybody("kt"), expected_end=end)
    assert window.state().expected_end == end
