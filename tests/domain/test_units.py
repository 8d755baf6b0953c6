"""Units: nanoseconds that fit each other, and a side that knows its sign."""

from __future__ import annotations

import pytest

from steersman.domain import units
from steersman.domain.units import (
    BPS,
    HOUR_NS,
    MINUTE_NS,
    MS_NS,
    SECOND_NS,
    ZERO_QTY,
    Side,
    utc_ns,
)


def test_times_are_whole_multiples_of_each_other() -> None:
    assert SECOND_NS == 1_000 * MS_NS == 10**9
    assert HOUR_NS == 60 * MINUTE_NS == 3_600 * SECOND_NS
    assert all(type(value) is int for value in (MS_NS, SECOND_NS, MINUTE_NS, HOUR_NS))


def test_a_basis_point_is_a_hundredth_of_a_percent() -> None:
    assert 1 / BPS * 100 == 1 / BPS.from_float(100.0)
    assert ZERO_QTY == 0


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_side_has_a_sign(side: Side, sign: int) -> None:
    assert side.sign == sign


def test_sides_are_written_in_small_letters() -> None:
    assert [str(side) for side in Side] == ["buy", "sell"]


@pytest.mark.parametrize(
    ("text", "below_ns"),
    [
        ("1970-01-01T00:00:01", 0),
        ("1970-01-01T00:00:01.5Z", 500_000_000),
        ("1970-01-01T01:00:01.123456+01:00", 123_456_000),
        ("1970-01-01T00:00:01.123456789", 123_456_789),
        ("1970-01-01T00:00:01.0000001Z", 100),
    ],
)
def test_a_time_is_read_to_the_nanosecond(text: str, below_ns: int) -> None:
    assert utc_ns(text) == SECOND_NS + below_ns


def test_every_public_name_is_there() -> None:
    assert [name for name in units.__all__ if not hasattr(units, name)] == []
