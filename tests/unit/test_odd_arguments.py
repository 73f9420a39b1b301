"""Every number and time of every command, as odd as it can be typed: one line or an answer, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from adapter.gateways.store.database import Database
from tests.harness import configuration
from tests.harness.shares import share
from tests.harness.stores import ensure_tables
from tests.unit.test_typed_text import WHOLE, call, commands

STAYS = {("run",), ("web",), ("simulate", "send"), ("simulate", "window")}
"""They go on until they are ended, if what is odd is taken."""
NUMBERS = ("9" * 20, "9" * 400, "-" + "9" * 20, "1e400", "-1e400", "nan", "1e17", "9223372036854775807")
LAST = "9999-12-31T23:59:59"
TIMES = ("0001-01-01", f"{LAST}.999999", "0001-01-01T00:00:00+14:00", f"{LAST}-14:00", "1900-01-01", "2999-12-31")
SOME_NUMBERS, SOME_TIMES = share(NUMBERS, 3), share(TIMES[::-1], 3)
"""In `make test`; a long proof takes all."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without anything in it."""
    file = configuration.write(tmp_path_factory.mktemp("odd"))
    store = Database(f"sqlite:///{file.parent / 'adapter.db'}")
    ensure_tables(store)
    store.close()
    return file


def odd(kind: type | None) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    for path, command in commands():
        for each in command.params:
            descriptor = getattr(each, "type_descriptor", None)
            kinds = () if descriptor is None else (descriptor.annotation, *get_args(descriptor.annotation))
            numeric = bool({int, float} & set(kinds))
            timely = str(each.metavar) in ("TIME", "DAY")
            if (numeric and kind is int) or (timely and kind is None):
                yield path, command, each


def test_there_are_numbers_and_times_to_look_at() -> None:
    assert len(list(odd(int))) >= 20
    assert len(list(odd(None))) > 8


def outcome(words: list[str], config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """How a command ended, and what it said on stderr. Anything but an orderly end fails the test."""
    named = ["--config", str(config)] if "--config" not in words else []
    at = words.index("--")
    with pytest.raises(SystemExit) as left:
        WHOLE.main([*words[:at], *named, *words[at:]])
    return int(left.value.code or 0), capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("number", SOME_NUMBERS, ids=lambda text: text[:22])
def test_no_number_ends_in_a_traceback(number: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, command, parameter in odd(int):
        if path in STAYS and number in ("1e17", "9223372036854775807"):
            continue
        code, lines = outcome(call(path, command, parameter, number), config, capsys)
        assert code in (0, 1, 2, 3), (path, parameter.name, lines)
        assert all(len(line) < 1000 for line in lines), (path, parameter.name)
        assert code == 0 or len([line for line in lines if line.startswith("nsw-adapter: ")]) == 1, (path, lines)


@pytest.mark.parametrize("moment", SOME_TIMES)
def test_no_time_ends_in_a_traceback(moment: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, command, parameter in odd(None):
        code, lines = outcome(call(path, command, parameter, moment), config, capsys)
        assert code in (0, 1, 2, 3), (path, parameter.name, lines)
        assert code == 2 or moment in ("1900-01-01", "2999-12-31"), (path, parameter.name, lines)
