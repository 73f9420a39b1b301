"""Alerts: raised once they last, told once to each way, again after a time, once more at their end, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapter.entrypoints.alert_sender import AlertSender
from adapter.entrypoints.web.operator.overview import EXPLAINED
from adapter.gateways.alert_file import AlertFile
from adapter.model.errors import Unavailable
from adapter.model.events import Event
from adapter.services.watch.alert_ways import as_rows, document, from_rows, letter
from adapter.services.watch.alerts import RULES, Alert, AlertName, Outlook, alarms, standing
from adapter.services.watch.mode import Mode
from adapter.services.watch.readings import PARTIES, Readings
from tests.harness.pki import ROOT

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WELL = Readings(
    at=START,
    waiting={"window": 0, "transfer": 0, "portal": 0, "unit": 0},
    oldest_s={},
    returned=0,
    transfers_stay=0,
    held={"waiting": 0, "parked": 0},
    deadlines={(party, how): 0 for party in PARTIES for how in ("near", "broken")},
    certificate_days={"partner": 200.0},
    modes={mode.value: mode is Mode.NORMAL for mode in Mode},
    sessions={"portal": 0, "staff": 0},
    emergencies=0,
    assertions_refused=0,
)
PARKED = replace(WELL, held={"waiting": 0, "parked": 3})
DOWN = replace(WELL, modes={mode.value: mode is Mode.DIRECT for mode in Mode})


@dataclass
class Way:
    """Somebody who is told; while `fails` he cannot be."""

    fails: bool = False
    told: list[list[tuple[str, str]]] = field(default_factory=list)

    def __call__(self, alerts: Sequence[Alert], now: datetime) -> None:
        del now
        if self.fails:
            raise Unavailable("nobody answers")
        self.told.append([(each.name.name, "over" if each.ended_at else "on") for each in alerts])


@dataclass
class Night:
    """A sender of alerts whose clock the test moves."""

    folder: Path
    ways: Mapping[str, Way]
    now: datetime = START
    seen: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)
    alert_sender: AlertSender = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.alert_sender = AlertSender(
            ways=self.ways,
            file=AlertFile(self.folder / "alerts.json"),
            clock=lambda: self.now,
            observe=lambda event, /, **fields: self.seen.append((event, fields)),
            repeat_s=3600,
            every_s=3600,  # the test looks itself
            monotonic=lambda: self.now.timestamp(),
        )
        self.alert_sender.__enter__()

    def passes(self, minutes: float, readings: Readings, **around: Any) -> None:
        """Every ten seconds the clock reads, and the sender of alerts checks."""
        for _ in range(int(minutes * 6)):
            self.now += timedelta(seconds=10)
            told = {"broker_away": False, "quarantined": 0, **around}
            self.alert_sender.tell(replace(readings, at=self.now), **told)
            self.alert_sender.look()


@pytest.fixture
def way() -> Way:
    return Way()


@pytest.fixture
def night(tmp_path: Path, way: Way) -> Night:
    return Night(tmp_path, {"webhook": way})


ON, OVER = [("MESSAGES_PARKED", "on")], [("MESSAGES_PARKED", "over")]


def test_what_lasts_is_told_once_and_once_more_at_its_end(night: Night, way: Way) -> None:
    night.passes(30, PARKED)
    assert way.told == [ON]
    night.passes(5, WELL)
    assert way.told == [ON, OVER]
    night.passes(5, WELL)
    assert len(way.told) == 2


def test_what_passes_within_a_minute_is_not_told(night: Night, way: Way) -> None:
    night.passes(0.5, PARKED)
    night.passes(5, WELL)
    assert way.told == []


def test_what_comes_and_goes_is_one_alert(night: Night, way: Way) -> None:
    night.passes(2, PARKED)
    for _ in range(5):
        night.passes(0.5, WELL)
        night.passes(0.5, PARKED)
    assert way.told == [ON]


def test_what_lasts_is_told_again_after_a_time(night: Night, way: Way) -> None:
    night.passes(150, PARKED)
    assert way.told == [ON, ON, ON]


def test_what_begins_at_once_is_one_letter(night: Night, way: Way) -> None:
    night.passes(3, replace(PARKED, modes=DOWN.modes))
    assert [sorted(each) for each in way.told] == [[("MESSAGES_PARKED", "on"), ("WINDOW_DOWN", "on")]]


def test_a_restart_tells_nothing_anew_and_the_end_as_ever(night: Night, way: Way) -> None:
    night.passes(3, PARKED)
    night.restart()
    night.passes(3, PARKED)
    assert way.told == [ON]
    night.restart()
    night.passes(3, WELL)
    assert way.told == [ON, OVER]


def test_what_came_and_went_while_nobody_could_be_told_is_told_afterwards(night: Night, way: Way) -> None:
    way.fails = True
    night.passes(10, PARKED)
    night.passes(10, WELL)
    assert way.told == []
    way.fails = False
    night.passes(20, WELL)
    assert way.told == [OVER]


def test_a_way_that_fails_is_tried_ever_more_seldom_and_holds_up_no_other(tmp_path: Path) -> None:
    broken, well = Way(fails=True), Way()
    night = Night(tmp_path, {"webhook": broken, "mail": well})
    night.passes(30, PARKED)
    assert well.told == [ON]
    pauses = [told["again_in_s"] for event, told in night.seen if event is Event.ALERT_UNSENT]
    assert pauses[:5] == [10, 30, 60, 300, 900]
    assert len(pauses) <= 6


def test_a_defect_in_one_way_ends_no_alerts(tmp_path: Path) -> None:
    class Broken(Way):
        def __call__(self, alerts: Sequence[Alert], now: datetime) -> None:
            raise ValueError("truc@example.vn is no address")

    well = Way()
    night = Night(tmp_path, {"webhook": Broken(), "mail": well})
    night.passes(5, PARKED)
    assert well.told == [ON]
    reasons = [told["reason"] for event, told in night.seen if event is Event.ALERT_UNSENT]
    assert reasons
    assert "truc" not in str(reasons), "a library's text may quote what it stumbled over"


def test_a_database_that_is_away_is_told_and_ends_nothing_that_it_holds(night: Night, way: Way) -> None:
    night.passes(3, PARKED)
    for _ in range(12):
        night.now += timedelta(seconds=10)
        night.alert_sender.away(database=True, broker=False)
        night.alert_sender.look()
    assert way.told == [ON, [("DATABASE_AWAY", "on")]]
    night.passes(3, PARKED)
    assert way.told[2:] == [[("DATABASE_AWAY", "over")]]


def test_what_was_read_long_ago_is_not_taken_for_now(night: Night, way: Way) -> None:
    night.passes(3, PARKED)
    night.alert_sender.tell(replace(WELL, at=night.now), broker_away=False, quarantined=0)
    for _ in range(60):
        night.now += timedelta(minutes=5)
        night.alert_sender.look()
    assert OVER not in way.told


def test_a_clock_that_is_not_the_active_one_tells_nothing(night: Night, way: Way) -> None:
    night.alert_sender.tell(PARKED, broker_away=True, quarantined=1)
    night.alert_sender.stand_by()
    night.alert_sender.look()
    assert way.told == []


def test_a_clock_that_is_set_back_delays_no_end(night: Night, way: Way) -> None:
    night.passes(3, PARKED)
    night.now -= timedelta(days=1)
    night.passes(3, WELL)
    assert way.told == [ON, OVER]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'[{"name": "NswNoSuch"}]', b'{"a": 1}'])
def test_a_file_that_is_not_whole_is_as_none(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "alerts.json"
    file.write_bytes(body)
    assert from_rows(AlertFile(file).load()) == ()


def test_what_is_kept_is_read_as_it_was() -> None:
    kept = (Alert(AlertName.CERTIFICATE_ENDS, "partner", 3.5, START, began_at=START, gone_at=START),)
    assert from_rows(as_rows(kept)) == kept


AMISS: Mapping[AlertName, Outlook] = {
    AlertName.DATABASE_AWAY: Outlook(START, None, database_away=True),
    AlertName.BROKER_AWAY: Outlook(START, WELL, broker_away=True),
    AlertName.QUARANTINE: Outlook(START, WELL, quarantined=2),
    AlertName.WINDOW_DOWN: Outlook(START, DOWN),
    AlertName.REPLIES_STAY: Outlook(START, replace(WELL, oldest_s={"window": 301})),
    AlertName.REPLIES_REFUSED: Outlook(START, replace(WELL, returned=1)),
    AlertName.TRANSFERS_STAY: Outlook(START, replace(WELL, transfers_stay=1)),
    AlertName.MESSAGES_PARKED: Outlook(START, PARKED),
    AlertName.DUTY_BROKEN: Outlook(START, replace(WELL, deadlines={**WELL.deadlines, ("border_guard", "broken"): 1})),
    AlertName.DUTY_NEAR: Outlook(START, replace(WELL, deadlines={**WELL.deadlines, ("border_guard", "near"): 1})),
    AlertName.CERTIFICATE_ENDS: Outlook(START, replace(WELL, certificate_days={"partner": 13.9})),
    AlertName.EMERGENCY_LOGIN: Outlook(START, replace(WELL, emergencies=1)),
    AlertName.ASSERTION_REFUSED: Outlook(START, replace(WELL, assertions_refused=1)),
}


@pytest.mark.parametrize("name", set(AlertName) - {AlertName.TEST})
def test_each_alert_is_seen_by_itself(name: AlertName) -> None:
    assert [each.name for each in alarms(AMISS[name])] == [name]


def test_a_page_shows_what_is_amiss_at_once_and_what_is_over_no_more() -> None:
    begun = Alert(AlertName.WINDOW_DOWN, "", 1, START, began_at=START)
    over = replace(begun, ended_at=START)
    held = Alert(AlertName.QUARANTINE, "", 2, START, began_at=START)
    later = START + timedelta(minutes=9)
    assert [(each.name, each.began_at) for each in standing((), Outlook(later, DOWN))] == [
        (AlertName.WINDOW_DOWN, None)
    ]
    assert standing((begun, held), Outlook(later, DOWN)) == (begun, held)
    assert standing((begun, held), Outlook(later, WELL)) == (held,), "only the clock reads the broker's quarantine"
    assert [each.began_at for each in standing((over,), Outlook(later, DOWN))] == [None]
    ends = replace(WELL, certificate_days={"broker": 3.0})
    seen = standing((held,), Outlook(later, ends, quarantined=5))
    assert {each.name: each.value for each in seen} == {AlertName.QUARANTINE: 5, AlertName.CERTIFICATE_ENDS: 3.0}
    assert len(seen) == 2, "what the active clock of another machine saw is told here too, and once"


def test_without_anybody_to_tell_alerts_are_kept_for_the_page_and_forgotten_at_their_end(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    night = Night(tmp_path, {})
    assert [each.name for each in set(threading.enumerate()) - before] == ["alert_sender"], "it looks by itself"

    def kept() -> list[tuple[AlertName, bool]]:
        return [(each.name, each.began_at is not None) for each in from_rows(night.alert_sender.file.load())]

    night.passes(1, DOWN)
    assert kept() == [(AlertName.WINDOW_DOWN, False)]
    night.passes(1, DOWN)
    assert kept() == [(AlertName.WINDOW_DOWN, True)]
    night.passes(2, WELL)
    assert kept() == []


def test_nothing_is_amiss_where_all_is_well() -> None:
    limits = replace(WELL, oldest_s={"window": 300, "transfer": 9e9}, certificate_days={"partner": 14})
    assert alarms(Outlook(START, limits)) == ()


def test_each_rule_for_prometheus_that_reads_the_store_has_its_alert() -> None:
    shipped = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    rules = {rule["alert"]: rule for group in shipped["groups"] for rule in group["rules"]}
    elsewhere = {"NswAdapterGone", "NswPartNotReady", "NswSecurityEvents", "NswFiguresAreOld"}
    assert set(rules) - elsewhere <= {name.value for name in AlertName}
    for name, rule in RULES.items():
        if name.value in rules:
            assert rule.severity.value == rules[name.value]["labels"]["severity"]


def _kept(**more: Any) -> Alert:
    return Alert(AlertName.WINDOW_DOWN, "", 1, START, began_at=START, **more)


def test_the_document_is_that_of_alertmanagers_webhooks() -> None:
    told = document([_kept(), _kept(ended_at=START + timedelta(hours=1))], "gate-1")
    assert (told["version"], told["status"]) == ("4", "firing")
    first, second = told["alerts"]
    assert first["labels"] == {"alertname": "NswWindowDown", "severity": "page", "instance": "gate-1"}
    assert (first["status"], first["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert (second["status"], second["endsAt"]) == ("resolved", "2026-03-02T09:00:00+07:00")
    assert first["fingerprint"] == second["fingerprint"], "a receiver folds by it"


def test_the_letter_says_what_began_what_is_over_and_the_first_command() -> None:
    told = letter(
        [_kept(), replace(_kept(), name=AlertName.DUTY_NEAR, ended_at=START)], START, "a@b.vn", "gate-1", "b.vn"
    )
    assert told.subject == "[nsw-adapter gate-1] KHẨN: 1 cảnh báo, 1 đã hết"
    assert "Cổng một cửa gặp sự cố" in told.text
    assert "08:00 02/03/2026" in told.text
    assert "nsw-adapter window status" in told.text
    assert "ĐÃ HẾT (over): Có thời hạn" in told.text


def test_each_alert_leads_to_the_page_that_shows_what_it_is_about() -> None:
    without = {AlertName.EMERGENCY_LOGIN, AlertName.ASSERTION_REFUSED, AlertName.TEST}
    assert EXPLAINED.keys() | without == set(AlertName)
