"""Intervals against published values, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.tca.intervals import mean_of, quantile_of, ratio_of, share_of


def test_students_interval_by_hand() -> None:
    found = mean_of([1.0, 2.0, 3.0])
    assert found is not None and (found.value, found.n) == (2.0, 3)
    # t(2, 0.975) = 4.3027 (table), s / sqrt(3) = 0.57735
    assert found.high == pytest.approx(2 + 4.302653 * 3**-0.5)
    assert found.low == pytest.approx(2 - 4.302653 * 3**-0.5)


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    one = mean_of([4.0])
    assert one is not None and (one.value, one.low, one.high, one.n) == (4.0, None, None, 1)
    assert mean_of([]) is share_of(0, 0) is quantile_of([], 0.5) is None


def test_wilsons_interval() -> None:
    found = share_of(81, 263)  # Newcombe (1998), table I: 0.2553 to 0.3662
    assert found is not None
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)
    none = share_of(0, 20)
    assert none is not None and none.low == 0.0 and none.high == pytest.approx(0.1611, abs=5e-5)


def test_a_high_quantile_of_few_values_has_no_upper_end() -> None:
    found = quantile_of([float(i) for i in range(1, 21)], 0.95)
    assert found is not None and found.value == 19.0 and found.high is None
    median = quantile_of([float(i) for i in range(1, 21)], 0.5)
    # ranks 6 and 15 hold the median of 20 with 95.9 % (binomial table)
    assert median is not None and (median.low, median.high) == (6.0, 15.0)


def test_a_quantile_of_very_many_values_has_both_ends() -> None:
    found = quantile_of([float(i) for i in range(1, 20_001)], 0.95)
    # 19000 ± 1.96 sqrt(20000 x 0.95 x 0.05) = 19000 ± 60.4
    assert found is not None and found.value == 19_000
    assert found.low == pytest.approx(18_940, abs=2) and found.high == pytest.approx(19_061, abs=2)


def test_the_interval_of_a_quantile_covers_it() -> None:
    draws = np.random.default_rng(5).exponential(size=(2_000, 150))
    truth = -np.log(0.05)
    held = 0
    for row in draws:
        found = quantile_of(row.tolist(), 0.95)
        assert found is not None and found.low is not None
        held += found.low <= truth and (found.high is None or truth <= found.high)
    assert 0.94 < held / 2_000 < 0.99


def test_a_ratio_has_fiellers_interval() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        below = 10 + 4 * rng.normal(size=40)
        above = 0.3 * below + rng.normal(size=40)
        found = ratio_of(above.tolist(), below.tolist())
        assert found is not None and found.low is not None and found.high is not None
        assert found.value == pytest.approx(above.mean() / below.mean())
        assert found.low < found.value < found.high and found.n == 40
        held += found.low <= 0.3 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_a_share_of_what_may_be_nothing_is_no_ratio() -> None:
    values = np.random.default_rng(1).normal(size=30)
    assert ratio_of(values.tolist(), (values - values.mean()).tolist()) is None
    assert ratio_of([1.0, 2.0, 3.0], [-5.0, -5.1, -4.9]) is None, "a share of a gain"
    assert ratio_of([1.0], [2.0]) is None


@pytest.mark.parametrize("n", [1, 3, 10, 25, 41])
def test_a_share_of_none_or_all_reaches_its_end_exactly(n: int) -> None:
    none, every = share_of(0, n), share_of(n, n)
    assert none is not None and every is not None
    assert (none.low, every.high) == (0.0, 1.0)
