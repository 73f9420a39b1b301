"""The log: one JSON object a line, no payload, no chatter of libraries."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from adapter.entrypoints.log import configure, observer
from adapter.model.errors import Misconfigured
from adapter.model.events import Event


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_an_event_is_one_json_line_with_time_role_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    observer("worker")(Event.SETTLED, message="m-1", dossier="X/2026")
    (line,) = lines(capsys)
    assert (line["event"], line["role"], line["message"]) == ("message.settled", "worker", "m-1")
    assert line["level"] == "info"
    assert line["timestamp"].endswith("+07:00"), "one zone for whatever people read"


def test_an_observer_made_before_the_configuration_follows_it(capsys: pytest.CaptureFixture[str]) -> None:
    observe = observer("supervisor")
    configure("warning", json=True)
    observe(Event.SETTLED)
    observe(Event.PARKED)
    assert [line["event"] for line in lines(capsys)] == ["message.parked"]


def test_bytes_never_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure("debug", json=True)
    observer("worker")(Event.SETTLED, raw=b"<Envelope>NGUYEN VAN A</Envelope>")
    (line,) = lines(capsys)
    assert line["raw"] == "<33 bytes>"


def test_even_at_debug_signxml_cannot_print_what_it_signs(capsys: pytest.CaptureFixture[str]) -> None:
    configure("debug", json=True)
    for name in ("signxml", "signxml.verifier", "pika.channel", "sqlalchemy.engine"):
        logging.getLogger(name).info("NGUYEN VAN A")
    logging.getLogger("uvicorn").warning("port in use")
    assert [line["event"] for line in lines(capsys)] == ["port in use"]


def test_of_a_librarys_exception_only_the_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    try:
        raise ValueError("NGUYEN VAN A")
    except ValueError:
        logging.getLogger("uvicorn").exception("broke")
    captured = capsys.readouterr().err
    assert "NGUYEN" not in captured
    assert json.loads(captured)["exception"] == "ValueError"


def test_a_lost_broker_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", json=True)
    observer("worker")(Event.BROKER, kind="broker.lost")
    observer("worker")(Event.BROKER, kind="broker.resumed")
    assert [line["kind"] for line in lines(capsys)] == ["broker.lost"]


def test_a_window_that_is_down_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    for mode in ("down", "unknown", "up"):
        observer("clock")(Event.WINDOW, mode=mode, cause="broker")
    assert [line["level"] for line in lines(capsys)] == ["warning", "warning", "info"]


def test_a_part_that_ends_is_a_warning_where_it_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    observer("supervisor")(Event.WORKER_STOPPED, code=0)
    observer("supervisor")(Event.WORKER_STOPPED, reason="trust.partners: ...")
    assert [line["level"] for line in lines(capsys)] == ["info", "warning"]


def _all_kinds() -> None:
    observer("worker")(Event.LOCKED)
    observer("worker")(Event.SETTLED)
    observer("worker")(Event.PARKED)
    observer("worker")(Event.WORKER_KILLED)
    logging.getLogger("uvicorn").critical("broke")


@pytest.mark.parametrize("json", [True, False])
def test_the_journal_is_told_the_priority_of_each_line(
    json: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{mine.st_dev}:{mine.st_ino}")
    configure("debug", json=json)
    _all_kinds()
    assert [line[:3] for line in capfd.readouterr().err.splitlines()] == ["<7>", "<6>", "<4>", "<3>", "<2>"]


@pytest.mark.parametrize("stated", [None, "", "8:1"])
def test_what_is_redirected_to_a_file_is_plain_json_though_systemd_started_it(
    stated: str | None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if stated is None:
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    else:
        monkeypatch.setenv("JOURNAL_STREAM", stated)
    configure("debug", json=True)
    _all_kinds()
    assert len(lines(capfd)) == 5


def test_a_level_that_does_not_exist_is_told() -> None:
    with pytest.raises(Misconfigured, match="loud"):
        configure("loud")
