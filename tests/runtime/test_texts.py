"""What a person writes, read exactly or refused in one line: durations, times, numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.runtime.texts import parse_decimal, parse_duration_ns, parse_time_ns


# -- durations and times --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5_400),
        ("4h", 14_400),
        ("1d", 86_400),
        ("1d2h3m4s", 93_784),
        ("250ms", 0.25),
        ("1s1ms", 1.001),
        (" 5M ", 300),
        ("90m", 5_400),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration_ns(text) == round(seconds * SECOND_NS)


@pytest.mark.parametrize(
    "text",
    ["", " ", "0s", "0h0m", "5", "-5m", "+5m", "1.5h", "1e3s", "m", "30m1h", "5m5m", "5 m", "5m 3s",
     "soon", "nan", "inf", "5min", "1w", "5s\x00", "0x5s"],
)  # fmt: skip
def test_what_is_not_a_duration_is_named_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration_ns(text)
    assert str(caught.value) == f"{text!r} is not a duration; write it like 90s, 5m, 1h30m or 4h"


@given(st.integers(0, 20), *(st.integers(0, 99) for _ in range(4)))
def test_parts_of_a_duration_add_up(days: int, hours: int, minutes: int, s: int, ms: int) -> None:
    text = f"{days}d{hours}h{minutes}m{s}s{ms}ms"
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=s, milliseconds=ms)
    if span:
        assert parse_duration_ns(text) == span // timedelta(microseconds=1) * 1_000
    else:
        with pytest.raises(UsageError):
            parse_duration_ns(text)


@given(st.text(max_size=12) | st.from_regex(r"[0-9dhms. ]{0,12}", fullmatch=True))
def test_any_text_is_a_positive_duration_or_refused(text: str) -> None:
    try:
        assert parse_duration_ns(text) > 0
    except UsageError as error:
        assert repr(text) in error.message


def test_a_duration_of_too_many_digits_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_duration_ns("9" * 5_000 + "s")


@given(
    st.integers(0, 4 * 10**15),
    st.none() | st.integers(-14 * 60, 14 * 60),
)
def test_times_are_utc_unless_they_name_an_offset(micros: int, offset: int | None) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    if offset is None:
        text = moment.replace(tzinfo=None).isoformat()
    else:
        text = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    assert parse_time_ns(text) == micros * 1_000


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2024-08-09", 1_723_161_600 * SECOND_NS),
        ("2024-08-09T00:00:00Z", 1_723_161_600 * SECOND_NS),
        ("2024-08-09 00:00:00.000001", 1_723_161_600 * SECOND_NS + 1_000),
        ("2024-08-09T02:00:00+02:00", 1_723_161_600 * SECOND_NS),
        ("1969-12-31T23:59:59.9", -100 * MS_NS),
    ],
)
def test_iso_times_are_read(text: str, ns: int) -> None:
    assert parse_time_ns(text) == ns


@pytest.mark.parametrize(
    "text",
    ["", "now", "nan", "1723161600", "2024-13-01", "2024-02-30", "24:00", "2024-08-09T25"],
)
def test_what_is_not_a_time_is_named_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="write it like 2024-08-09T00:00:00") as caught:
        parse_time_ns(text)
    assert caught.value.message == f"{text!r} is not a time"


@pytest.mark.parametrize(("text", "written"), [("25", "25"), ("1e3", "1000"), ("0.50", "0.50")])
def test_numbers_are_written_out(text: str, written: str) -> None:
    assert str(parse_decimal(text)) == written


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1,5", "0x10"])
def test_what_is_not_a_finite_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="number"):
        parse_decimal(text)
