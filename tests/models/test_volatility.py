"""Volatility: right on paths whose variance is known, noise or not, and refused where untold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.regression import Estimate
from steersman.models.validity import ModelError, NotIdentifiedError
from steersman.models.volatility import (
    as_deviation,
    garman_klass,
    mean_variance,
    parkinson,
    realised_variance,
    rogers_satchell,
    two_scale_variance,
    two_scale_variances,
    yang_zhang,
)

F64 = npt.NDArray[np.float64]
SIGMA = 1e-4


def path(n: int, seed: int, noise: float = 0.0, drift: float = 0.0) -> F64:
    draws = np.random.default_rng(seed)
    logs = np.cumsum(drift + SIGMA * draws.normal(size=n)) + noise * draws.normal(size=n)
    return np.asarray(100 * np.exp(logs), np.float64)


def bars(n: int, steps: int, seed: int, drift: float = 0.0) -> tuple[F64, F64, F64, F64]:
    logs = np.log(path(n * steps + 1, seed, drift=drift))
    cut = np.array([logs[k * steps : (k + 1) * steps + 1] for k in range(n)])
    found = np.exp(np.stack([cut[:, 0], cut.max(axis=1), cut.min(axis=1), cut[:, -1]]))
    return found[0], found[1], found[2], found[3]


def test_two_scales_see_through_the_bounce() -> None:
    noisy = [path(2_000, seed, noise=SIGMA) for seed in range(60)]
    naive = np.mean([realised_variance(p) for p in noisy]) / SIGMA**2
    robust = np.mean([two_scale_variance(p, 10) for p in noisy]) / SIGMA**2
    assert naive == pytest.approx(3, rel=0.05)
    assert robust == pytest.approx(1, abs=0.05)


def test_two_scales_agree_with_a_worked_example() -> None:
    logs = np.array([0.0, 1.0, 3.0, 2.0, 4.0])
    # slow (2 steps): 3, 1, 1; dense: 1, 2, -1, 2; steps = 1.5
    expected = ((9 + 1 + 1) / 2 - 1.5 / 4 * 10) / (1.5 * 2 - 1.5)
    assert two_scale_variance(np.exp(logs), 2) == pytest.approx(expected)


def test_its_interval_covers_the_truth() -> None:
    hits = 0
    for seed in range(400):
        blocks = two_scale_variances(path(3_601, seed, noise=SIGMA), 60)
        low, high = as_deviation(mean_variance(blocks), 3600).interval()
        hits += low <= SIGMA * 60 <= high
    assert 0.92 <= hits / 400 <= 0.98


def test_a_gap_costs_its_block_only() -> None:
    prices = path(181, 1)
    whole = two_scale_variances(prices, 60)
    prices[70] = math.nan
    cut = two_scale_variances(prices, 60)
    assert math.isnan(cut[1]) and cut[0] == whole[0] and cut[2] == whole[2]
    assert two_scale_variances(prices[:5], 60).size == 0


def test_ranges_are_right_and_more_precise_than_the_close() -> None:
    o, h, low, c = bars(2_000, 400, 2)
    truth = 400 * SIGMA**2
    close = np.log(c / o) ** 2
    for found in (parkinson(h, low), garman_klass(o, h, low, c), rogers_satchell(o, h, low, c)):
        assert found.mean() == pytest.approx(truth, rel=0.1)
        assert found.std() < 0.6 * close.std()
    assert yang_zhang(o, h, low, c) == pytest.approx(truth, rel=0.1)


def test_only_some_ranges_ignore_a_drift() -> None:
    o, h, low, c = bars(2_000, 400, 3, drift=SIGMA / 10)
    truth = 400 * SIGMA**2
    assert parkinson(h, low).mean() > 1.5 * truth
    assert rogers_satchell(o, h, low, c).mean() == pytest.approx(truth, rel=0.15)
    assert yang_zhang(o, h, low, c) == pytest.approx(truth, rel=0.15)


def test_yang_zhang_counts_the_jump_between_bars() -> None:
    o, h, low, c = bars(500, 100, 4)
    jump = np.exp(0.01 * np.random.default_rng(5).normal(size=500).cumsum())
    moved = yang_zhang(o * jump, h * jump, low * jump, c * jump)
    assert moved - yang_zhang(o, h, low, c) == pytest.approx(1e-4, rel=0.2)


def test_a_deviation_is_the_root_of_its_variance() -> None:
    found = as_deviation(Estimate(4.0, 0.4, 50, 1, 7), 9)
    assert (found.value, found.degrees) == (6.0, 7)
    assert found.standard_error == pytest.approx(0.3)


def test_what_tells_nothing_is_refused() -> None:
    still, bad = np.full(100, 5.0), np.array([1.0, 0.0, 2.0])
    for words, prices in (("positive", bad), ("finite", bad * math.nan), ("2 are", bad[:1])):
        with pytest.raises(NotIdentifiedError, match=words):
            realised_variance(prices)
    with pytest.raises(ModelError, match="sparse"):
        two_scale_variance(still, 1)
    with pytest.raises(NotIdentifiedError, match="at least 10"):
        two_scale_variance(still[:5])
    with pytest.raises(NotIdentifiedError, match="does not move"):
        mean_variance(np.zeros(40))
    with pytest.raises(NotIdentifiedError, match="29 blocks"):
        mean_variance(np.append(np.ones(29), math.nan))
    with pytest.raises(NotIdentifiedError, match="one length"):
        parkinson(still, still[1:])
    with pytest.raises(NotIdentifiedError, match="at least 3"):
        yang_zhang(*(still[:2],) * 4)
    with pytest.raises(NotIdentifiedError, match="must be positive"):
        as_deviation(Estimate(-1.0, 1.0, 40), 1.0)
