"""Block bootstrap: intervals that cover, and weighted medians and tails against plain ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.validity import ModelError
from steersman.tca.bootstrap import (
    BLOCKS_MIN,
    Means,
    block_weights,
    mean_intervals,
    percentiles,
    weighted_medians,
    weighted_tails,
)

F64 = npt.NDArray[np.float64]
RESAMPLES = 2_000


def alone(n: int) -> npt.NDArray[np.int64]:
    return np.arange(n)


def covers(draw: object, repeats: int, blocks: npt.NDArray[np.int64]) -> float:
    """Return how often the interval of a mean of zero holds it."""
    held = 0
    for number in range(repeats):
        rng = np.random.default_rng([5, number])
        values = draw(rng)  # type: ignore[operator]
        found = mean_intervals(values[:, None], blocks, block_weights(blocks, RESAMPLES, number))[0]
        assert found.low is not None and found.high is not None
        held += found.low <= 0 <= found.high
        assert found.p is not None and (found.p > 0.05) == (found.low <= 0 <= found.high)
    return held / repeats


def test_intervals_cover_the_mean_of_heavy_tailed_differences() -> None:
    share = covers(lambda rng: rng.standard_t(4, 60), 300, alone(60))
    assert 0.925 <= share <= 0.975


def test_orders_of_one_day_are_one_observation() -> None:
    blocks = np.repeat(np.arange(30), 8)

    def days(rng: np.random.Generator) -> F64:
        return np.repeat(rng.normal(size=30), 8) + 0.1 * rng.normal(size=240)

    assert 0.92 <= covers(days, 200, blocks) <= 0.98
    assert covers(days, 60, alone(240)) < 0.7, "drawn one by one they claim far too much"


def test_a_mean_weights_blocks_by_their_size() -> None:
    blocks = np.array([0, 0, 0, *range(1, 10)])
    values = np.array([9.0, 9.0, 9.0, *range(1, 10)])
    found = mean_intervals(values[:, None], blocks, block_weights(blocks, RESAMPLES, 1))[0]
    assert found.mean == pytest.approx(values.mean())
    assert (found.n, found.blocks) == (12, 10)
    even = values.astype(np.float64)[3:]
    plain = mean_intervals(even[:, None], alone(9), block_weights(alone(9), RESAMPLES, 1))[0]
    assert plain.standard_error == pytest.approx(even.std(ddof=1) / 3)


def test_the_same_difference_every_time_is_certain_and_none_is_nothing() -> None:
    values = np.column_stack([np.full(20, 0.3), np.zeros(20)])
    always, never = mean_intervals(values, alone(20), block_weights(alone(20), RESAMPLES, 1))
    assert always.low == pytest.approx(0.3) and always.high == pytest.approx(0.3)
    assert always.p == 1 / (RESAMPLES + 1)
    assert (never.low, never.high, never.p) == (0.0, 0.0, 1.0)


def test_too_few_blocks_have_no_interval() -> None:
    n = BLOCKS_MIN - 1
    found = mean_intervals(np.ones((n, 1)), alone(n), block_weights(alone(n), RESAMPLES, 1))[0]
    assert (found.mean, found.low, found.high, found.p) == (1.0, None, None, None)


def test_resamples_are_the_same_each_time_and_hold_whole_blocks() -> None:
    weights = block_weights(alone(2_000), RESAMPLES, 3)
    first, second = list(weights()), list(weights())
    assert len(first) > 1, "in pieces: memory is bounded"
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert {float(row.sum()) for part in first for row in part} == {2_000.0}
    other = next(iter(block_weights(alone(2_000), RESAMPLES, 4)()))
    assert not np.array_equal(first[0], other)
    with pytest.raises(ModelError, match="2000 resamples"):
        block_weights(alone(10), RESAMPLES - 1, 1)


def test_tails_and_medians_by_weight_are_those_of_what_was_drawn() -> None:
    rng = np.random.default_rng(1)
    for n in (2, 40, 3_000):  # of the many only those near the middle and the worst are looked at
        values = np.column_stack([rng.normal(size=n), np.exp(rng.normal(size=n)).round(1)])
        blocks = rng.permutation(n)
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=3).astype(float)
        weights = np.vstack([np.ones(n), drawn, np.eye(n)[:1] * n])
        medians = weighted_medians(values, blocks, weights)
        tails = weighted_tails(values, blocks, weights, 0.05)
        assert medians.shape == tails.shape == (5, 2)
        for row, tail, median in zip(weights[:, blocks], tails, medians, strict=True):
            held = np.sort(np.repeat(values, row.astype(int), axis=0), axis=0)
            assert median == pytest.approx(np.median(held, axis=0))
            if n % 20 == 0:  # a twentieth is a whole number of values
                assert tail == pytest.approx(held[-n // 20 :].mean(axis=0))
    # A tenth of five observations is half of the worst one.
    plain, once = np.arange(5.0)[:, None], np.ones((1, 5))
    assert weighted_tails(plain, alone(5), once, 0.3)[0, 0] == pytest.approx((4 + 1.5) / 1.5)
    assert weighted_medians(plain[:3], alone(3), once[:, :3])[0, 0] == 1.0
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


def test_tails_and_medians_of_blocks_are_those_of_their_orders() -> None:
    values, blocks = np.arange(6.0)[:, None], np.array([1, 1, 1, 0, 0, 0])
    weights = np.array([[2.0, 0.0]])
    assert weighted_medians(values, blocks, weights)[0, 0] == 4.0
    assert weighted_tails(values, blocks, weights, 0.5)[0, 0] == pytest.approx((5 * 2 + 4) / 3)


def test_what_is_drawn_once_may_be_taken_by_several() -> None:
    values = np.random.default_rng(2).normal(size=(50, 2))
    weights = block_weights(alone(50), RESAMPLES, 1)
    first, second = (Means.of(values[:, [column]], alone(50)) for column in (0, 1))
    for held in weights():
        first.take(held)
        second.take(held)
    both = mean_intervals(values, alone(50), weights)
    assert [*first.intervals(), *second.intervals()] == list(both)
