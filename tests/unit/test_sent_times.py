"""When a message was sent, as far as that is proven, and what it decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapter.bootstrap import Components
from adapter.gateways.store import dossiers
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.messages.item import Settled
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.registers import gate

KEY = DossierKey("PROOF1", 2026)


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url) as made:
        yield made


def receive(whole: Components, name: int | str, sent: str, *, function: str = "01", hours: float = 0) -> Settled:
    message = declaration(name, reference=KEY.number, function=function, sent=sent)
    at = CLOCK + timedelta(hours=hours)
    (settled,) = whole.intake.receive([Submission(message.raw, Channel.WINDOW, at, Digest(message.digest))])
    return settled


def names(settled: Settled) -> list[str]:
    """What is found, but for the arrival: the harness declares one so far ahead that it is never late."""
    return [finding.name for finding in settled.findings if finding.name != "time_far_ahead"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("2026-02-27 07:15:00", "long_underway"),
        ("2026-02-27 07:14:59", "send_date_outside"),
        ("2026-03-02 07:10:00", None),
        ("2026-03-02 07:09:59", "long_underway"),
        ("2026-03-02 07:25:00", None),
        ("2026-03-02 07:25:01", "send_date_outside"),
    ],
)
def test_a_send_date_counts_within_72_hours_before_and_10_minutes_after_the_reception(
    whole: Components, sent: str, told: str | None
) -> None:
    assert names(receive(whole, 1, sent)) == ([told] if told else [])


def test_a_send_date_that_does_not_exist_orders_nothing_and_is_told(whole: Components) -> None:
    settled = receive(whole, 1, "2026-02-30 07:15:00")

    assert (settled.outcome.value, names(settled)) == ("accepted", ["send_date_outside"])


def test_a_send_date_of_2030_locks_no_dossier(whole: Components) -> None:
    assert names(receive(whole, 1, "2030-01-01 00:00:00")) == ["send_date_outside"]
    corrected = receive(whole, 2, "2026-03-02 07:14:59", function="02")
    assert (corrected.outcome.value, names(corrected)) == ("accepted", [])


def test_a_replacement_whose_send_date_counts_for_nothing_does_not_move_the_order(whole: Components) -> None:
    receive(whole, 1, "2026-03-02 07:14:50")
    assert receive(whole, 2, "2030-01-01 00:00:00", function="02").outcome.value == "accepted"
    older = receive(whole, 3, "2026-03-02 07:14:40", function="02")
    assert (older.outcome.value, names(older)) == ("rejected", ["older_version"])
    newer = receive(whole, 4, "2026-03-02 07:14:55", function="02")
    assert newer.outcome.value == "accepted"


def test_a_replay_of_an_older_replacement_overwrites_nothing(whole: Components) -> None:
    receive(whole, 1, "2026-03-02 07:14:50")
    receive(whole, "older", "2026-03-02 07:14:51", function="02")
    receive(whole, "newer", "2026-03-02 07:14:52", function="02")
    replayed = receive(whole, "older", "2026-03-02 07:14:51", function="02", hours=100)
    assert replayed.duplicate
    with whole.database.transaction() as connection:
        assert dossiers.find(connection, [KEY])[KEY].version == 3


@pytest.mark.parametrize(
    ("sent", "late"), [("2026-03-02 07:59:59", False), ("2026-03-02 08:00:01", True)], ids=["in-time", "late"]
)
def test_whoever_declared_in_time_is_not_late_because_the_message_was_long_underway(
    whole: Components, sent: str, late: bool
) -> None:
    """Article 10(3)(a): three hours before 11:00; the message comes at 09:15."""
    message = declaration(1, reference=KEY.number, sent=sent, arrival="2026-03-02")
    at = CLOCK + timedelta(hours=2)
    (settled,) = whole.intake.receive([Submission(message.raw, Channel.WINDOW, at, Digest(message.digest))])
    assert names(settled) == ["long_underway", *(["declared_late"] if late else [])]


def test_a_replacement_that_lay_for_days_takes_no_newer_one_s_place(whole: Components) -> None:
    """Its sendDate lies too far back to decide about lateness; that something newer came since is certain."""
    receive(whole, 1, "2026-03-02 07:14:50")
    receive(whole, "newer", "2026-03-02 07:24:00", function="02", hours=1)
    stale = receive(whole, "stale", "2026-03-02 07:16:00", function="02", hours=74)
    assert (stale.outcome.value, names(stale)) == ("rejected", ["older_version"])
    with whole.database.transaction() as connection:
        assert dossiers.find(connection, [KEY])[KEY].version == 2
