"""Sessions (F18): who is at work, and what thin hours mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.domain.order import Style
from steersman.signals.lean import SignalRules
from steersman.signals.sessions import lean_on_session, session_at

RULES = SignalRules()


def at(day: int, hour: int) -> int:
    return int(datetime(2024, 8, day, hour, 30, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("hour", "name"),
    [
        (0, "Asia"),
        (7, "Asia and Europe"),
        (8, "Europe"),
        (13, "Europe and United States"),
        (16, "United States"),
        (20, "United States"),
        (21, "between United States and Asia"),
        (23, "between United States and Asia"),
    ],
)
def test_the_hours_of_a_weekday(hour: int, name: str) -> None:
    assert session_at(at(7, hour)).name == name  # a Wednesday


def test_the_weekend_begins_and_ends_at_midnight_utc() -> None:
    days = [session_at(at(day, 0)).weekend for day in (9, 10, 11, 12)]
    assert days == [False, True, True, False]
    assert session_at(at(10, 23)).name == "weekend, between United States and Asia"


def test_thin_hours_go_gently_and_deep_ones_are_used() -> None:
    def pace(day: int, hour: int) -> int | None:
        lean = lean_on_session(at(day, hour), RULES)
        return None if lean is None else lean.pace_pct

    assert pace(7, 22) == 90
    assert pace(7, 14) == 110
    assert pace(7, 9) is None
    weekend = lean_on_session(at(10, 14), RULES)
    assert weekend is not None and (weekend.pace_pct, weekend.style) == (90, Style.PASSIVE)
    assert lean_on_session(at(7, 22), SignalRules(session_turn_pct=0)) is None
