"""How an element's text becomes a value, and text again: one spelling each, no surprise from Python's own parsers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.model.partial_date import PartialDate
from adapter.pipeline.converters import CONVERTERS, XSD_TYPES, write

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST, LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("9998-12-31")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "Nguyễn Văn A", "Nguyễn Văn A"),
        ("upper_name", "NGUYEN VAN A", "NGUYEN VAN A"),
        ("code", "XC", "XC"),
        ("integer", "42", 42),
        ("integer", "-1", -1),
        ("integer", "007", 7),
        ("year", "2026", 2026),
        ("date", "2026-03-02", date(2026, 3, 2)),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("partial_date", "1958", PartialDate(1958)),
        ("partial_date", "1958-06", PartialDate(1958, 6)),
        ("partial_date", "1958-06-15", date(1958, 6, 15)),
        ("datetime", "2026-03-02 07:15:00", datetime(2026, 3, 2, 7, 15, tzinfo=VIETNAM)),
        ("datetime", "2026-03-02 07:15:00.250", datetime(2026, 3, 2, 7, 15, 0, 250_000, tzinfo=VIETNAM)),
        ("flag", "1", True),
        ("flag", "0", False),
        ("flag", "true", True),
        ("flag", "false", False),
    ],
)
def test_text_becomes_its_value(kind: str, text: str, value: object) -> None:
    converted = CONVERTERS[kind](text)

    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1_000"),
        ("integer", " 1"),
        ("integer", "+1"),
        ("integer", "--1"),
        ("integer", "-"),
        ("integer", ""),
        ("integer", "1.0"),
        ("integer", "٤٢"),  # Arabic digits
        ("integer", "²"),
        ("integer", "9" * 19),
        ("year", "hai nghìn"),
        ("partial_date", "1958-00-00"),
        ("partial_date", "1958-13"),
        ("partial_date", "1958-02-30"),
        ("partial_date", "1958-XX-XX"),
        ("partial_date", "195"),
        ("partial_date", "0000"),
        ("partial_date", "1958Z"),
        ("date", "2026-02-30"),
        ("date", "2025-02-29"),
        ("date", "2026-3-2"),
        ("date", "02/03/2026"),
        ("date", "20260302"),
        ("date", "2026-W01-1"),
        ("date", "2026-03-02Z"),
        ("date", "2026-03-02+07:00"),
        ("date", "0000-01-01"),
        ("datetime", "2026-03-02T07:15:00"),
        ("datetime", "2026-03-02 07:15"),
        ("datetime", "2026-03-02 24:00:00"),
        ("datetime", "2026-02-30 07:15:00"),
        ("datetime", "2026-03-02 07:15:00Z"),
        ("datetime", "2026-03-02 07:15:00+07:00"),
        ("datetime", "2026-03-02"),
        ("datetime", "0001-01-01 00:00:00"),
        ("datetime", "9999-12-31 23:59:59"),
        ("flag", "2"),
        ("flag", "TRUE"),
        ("flag", ""),
    ],
)
def test_text_that_is_no_value_is_not_guessed(kind: str, text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        CONVERTERS[kind](text)


def test_a_time_without_zone_is_vietnams() -> None:
    moment = CONVERTERS["datetime"]("2026-03-02 07:15:00")

    assert isinstance(moment, datetime)
    assert moment.utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (False, "0"),
        (7, "7"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 0, 15, tzinfo=UTC), "2026-03-02 07:15:00"),
        ("Đồn Biên phòng", "Đồn Biên phòng"),
    ],
)
def test_a_value_is_written_as_it_would_be_read(value: str | int | date | datetime, text: str) -> None:
    assert write(value) == text


@given(st.integers(min_value=-(10**16), max_value=10**17))
def test_every_number_survives_being_written_and_read(number: int) -> None:
    assert CONVERTERS["integer"](write(number)) == number


@given(st.dates())
def test_every_day_survives_being_written_and_read(day: date) -> None:
    assert CONVERTERS["date"](write(day)) == day


@given(st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(VIETNAM)))
def test_every_second_survives_being_written_and_read(moment: datetime) -> None:
    second = moment.replace(microsecond=0)

    assert CONVERTERS["datetime"](write(second)) == second


@given(st.booleans())
def test_every_flag_survives_being_written_and_read(flag: bool) -> None:
    assert CONVERTERS["flag"](write(flag)) is flag


def test_every_type_says_what_it_may_stand_on() -> None:
    assert XSD_TYPES.keys() == CONVERTERS.keys()


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_a_date_that_is_not_known_to_the_day_is_written_as_it_was_read(day: date, known: int) -> None:
    text = day.isoformat()[:known]
    assert write(CONVERTERS["partial_date"](text)) == text


def test_a_month_and_a_year_have_a_first_and_a_last_day() -> None:
    assert (PartialDate(2024, 2).first, PartialDate(2024, 2).last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (PartialDate(1958).first, PartialDate(1958).last) == (date(1958, 1, 1), date(1958, 12, 31))
