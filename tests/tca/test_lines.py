"""A line through points: against another implementation, and how often its intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from steersman.tca.lines import line_of


def test_it_is_the_line_of_least_squares_with_students_intervals() -> None:
    x, y = [1.0, 2.0, 4.0, 7.0, 9.0], [2.1, 2.9, 5.5, 7.4, 10.2]
    found, expected = line_of(x, y), stats.linregress(x, y)
    assert found is not None
    t = stats.t.ppf(0.975, 3)
    assert found.slope.value == pytest.approx(expected.slope)
    assert found.slope.high == pytest.approx(expected.slope + t * expected.stderr)
    assert found.intercept.value == pytest.approx(expected.intercept)
    assert found.intercept.low == pytest.approx(expected.intercept - t * expected.intercept_stderr)
    assert found.at(0.0) == found.intercept, "where x is zero the band is the intercept's interval"
    assert found.slope.n == 5


def test_intervals_hold_in_nineteen_of_twenty() -> None:
    draws = np.random.default_rng(7)
    x = draws.uniform(1, 9, 12)
    held = {"slope": 0, "band": 0}
    for _ in range(2_000):
        found = line_of(x.tolist(), (1 + 0.5 * x + draws.normal(size=12)).tolist())
        assert found is not None
        for name, one, truth in (("slope", found.slope, 0.5), ("band", found.at(8.0), 5.0)):
            assert one.low is not None and one.high is not None
            held[name] += one.low <= truth <= one.high
    assert all(0.935 <= count / 2_000 <= 0.965 for count in held.values()), held


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0, 2.0], [1.0, 2.0]), ([3.0] * 4, [1.0] * 4)])
def test_too_few_points_or_no_width_have_no_line(x: list[float], y: list[float]) -> None:
    assert line_of(x, y) is None
