"""The continuous limit is where the discrete trajectory goes, at any risk aversion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.continuous import ContinuousAlmgrenChriss
from steersman.models.trajectory import AlmgrenChriss

LIMIT = ContinuousAlmgrenChriss(sigma=0.95, eta=2.5e-6, horizon=5.0, gamma=2.5e-7, epsilon=0.0625)


def discrete(intervals: int) -> AlmgrenChriss:
    return AlmgrenChriss(0.95, 2.5e-6, 5.0 / intervals, 2.5e-7, 0.0625)


@pytest.mark.parametrize("aversion", [0.0, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5])
def test_the_discrete_trajectory_tends_to_it(aversion: float) -> None:
    fine = discrete(4000).trajectory(1e6, 4000, aversion)
    assert LIMIT.holding(1e6, 2.5, aversion) == pytest.approx(fine.x[2000], rel=1e-3)
    assert LIMIT.cost(1e6, aversion) == pytest.approx(fine.cost, rel=2e-3)
    assert LIMIT.variance(1e6, aversion) == pytest.approx(fine.variance, rel=4e-3)
    rate = fine.n[1999] / (5.0 / 4000)
    assert LIMIT.rate(1e6, 2.5, aversion) == pytest.approx(rate, rel=2e-3)


def test_without_risk_aversion_a_third_of_the_variance_is_left() -> None:
    assert LIMIT.variance(1.0, 0.0) == pytest.approx(0.95**2 * 5 / 3)
    assert LIMIT.rate(1e6, 1.0, 0.0) == 2e5
    assert LIMIT.cost(1e6, 0.0) == pytest.approx(125_000 + 62_500 + 500_000)


@pytest.mark.parametrize("aversion", [1e-2, 1e6, 1e150])
def test_a_horizon_of_many_half_lives_does_not_overflow(aversion: float) -> None:
    kappa = LIMIT.kappa(aversion)
    assert LIMIT.holding(1e6, 5.0, aversion) == 0.0
    assert LIMIT.rate(1e6, 0.0, aversion) == pytest.approx(1e6 * kappa)
    assert LIMIT.variance(1e6, aversion) == pytest.approx(0.95**2 * 1e12 / (2 * kappa))
    assert math.isfinite(LIMIT.cost(1e6, aversion))


@given(aversion=st.floats(0, 1e-3), time=st.floats(0, 5))
def test_it_only_falls_and_the_rate_is_its_slope(aversion: float, time: float) -> None:
    held = LIMIT.holding(1e6, time, aversion)
    assert 0 <= held <= 1e6 * (1 + 1e-12)
    step = min(1e-5, 5 - time)
    if step > 1e-6:
        slope = (held - LIMIT.holding(1e6, time + step, aversion)) / step
        assert LIMIT.rate(1e6, time + step / 2, aversion) == pytest.approx(slope, rel=1e-3, abs=1)


def test_the_series_meets_the_formula() -> None:
    unit = ContinuousAlmgrenChriss(sigma=1.0, eta=1.0, horizon=1.0)
    below, above = unit.variance(1.0, 0.00999**2), unit.variance(1.0, 0.01001**2)
    assert above - below == pytest.approx(-2 / 45 * (0.01001**2 - 0.00999**2), rel=1e-3)


def test_times_outside_the_horizon_are_refused() -> None:
    for time in (-0.1, 5.1, math.nan):
        with pytest.raises(ValueError, match="time must be from 0"):
            LIMIT.holding(1.0, time, 0.0)
    with pytest.raises(ValueError, match="eta must be finite and positive"):
        ContinuousAlmgrenChriss(sigma=1.0, eta=0.0, horizon=1.0)
