"""Units: nanoseconds that fit each other, and a side that knows its sign."""

from __future__ import annotations

import pytest

from steersman.domain import units
from steersman.domain.units import BPS, HOUR_NS, MINUTE_NS, MS_NS, SECOND_NS, ZERO_QTY, Side


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


def test_every_public_name_is_there() -> None:
    assert [name for name in units.__all__ if not hasattr(units, name)] == []
