"""Each stylised fact on arrays whose answer is known, and on arrays that cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models import facts as f_
from steersman.models.facts import Figure

F64 = npt.NDArray[np.float64]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def ar1(n: int, phi: float) -> F64:
    x = np.zeros(n)
    for i, z in enumerate(rng().normal(size=n - 1), 1):
        x[i] = phi * x[i - 1] + z
    return x


def near(figure: Figure, truth: float, errors: float = 4.0) -> bool:
    assert figure.error is not None
    return abs(figure.value - truth) <= errors * figure.error


def test_kurtosis_of_known_laws() -> None:
    laplace, normal = rng().laplace(size=40_000), rng().normal(size=40_000)
    assert near(f_.kurtosis(laplace), 3.0)
    assert near(f_.kurtosis(normal), 0.0)
    assert f_.kurtosis(np.where(np.arange(100) % 2, 1.0, -1.0)).value == pytest.approx(-2.0)
    assert f_.kurtosis(laplace).n == 40_000


def test_kurtosis_of_independent_returns_falls_like_one_over_the_horizon() -> None:
    laplace = rng().laplace(size=50_000)
    assert near(f_.kurtosis_fall(laplace), 3.0 - 3.0 / 5)
    common = np.repeat(rng().laplace(size=10_000), 5)  # five minutes of one size: no fall
    assert f_.kurtosis_fall(common).value == pytest.approx(0.0, abs=1e-9)


def test_memory_of_an_ar1_series_and_of_none() -> None:
    x = ar1(40_000, 0.6)
    assert f_.autocorrelation(x, [1, 2, 5]) == pytest.approx([0.6, 0.36, 0.6**5], abs=0.03)
    independent = f_.memory(rng().normal(size=40_000), 1)
    assert near(independent, 0.0)
    assert independent.error == pytest.approx(1 / 200, rel=0.8)


def test_a_missing_stretch_does_not_count() -> None:
    x = ar1(40_000, 0.6)
    x[10_000:15_000] = np.nan
    x[::7] = np.nan
    figure = f_.memory(x, 1)
    assert figure.value == pytest.approx(0.6, abs=0.03)
    assert figure.n == np.isfinite(x).sum()


def test_a_power_law_is_read_off_exactly() -> None:
    lags = f_.log_lags(200)
    assert lags[0] == 1 and lags[-1] == 200
    acf = 0.3 * np.array(lags) ** -0.5
    assert f_.power_law(lags, acf) == pytest.approx(-0.5)
    acf[3] = -1.0  # not a point of the line
    assert f_.power_law(lags, acf) == pytest.approx(-0.5)
    assert math.isnan(f_.power_law([1, 2, 3], np.ones(3)))


def hidden_orders(n: int, alpha: float) -> F64:
    """Signs of a few hidden orders in turn: their memory decays like lag^-(alpha - 1)."""
    draw = rng(3)
    left = np.ones(4)
    signs = np.empty(n)
    for i, slot in enumerate(draw.integers(4, size=n)):
        signs[i] = math.copysign(1.0, left[slot])
        left[slot] -= signs[i]
        if abs(left[slot]) < 1.0:
            left[slot] = draw.choice([-1, 1]) * min(1e4, 3 * draw.random() ** (-1 / alpha))
    return signs


def test_signs_of_hidden_orders_decay_as_theory_says() -> None:
    figure = f_.sign_decay(hidden_orders(200_000, 1.5))
    assert figure.value == pytest.approx(0.5, abs=0.2)
    assert figure.error is not None and figure.error < 0.2
    coin = np.where(rng().random(200_000) < 0.5, 1.0, -1.0)
    assert near(f_.memory(coin, 50), 0.0)


def test_memory_of_sizes_decays_as_planted() -> None:
    scales = [ar1_log_volatility(100_000, s) for s in (4.0, 16.0, 64.0)]
    returns = rng(5).normal(size=100_000) * np.exp(sum(scales))
    slow = f_.abs_memory(returns)
    fast = f_.abs_memory(rng(5).normal(size=100_000) * np.exp(2 * scales[0]))
    assert 0.1 < slow.value < fast.value


def ar1_log_volatility(n: int, length: float) -> F64:
    draw = rng(int(length))
    kernel = np.exp(-np.arange(int(8 * length)) / length)
    x = np.convolve(draw.normal(size=n), kernel, mode="same")
    scaled: F64 = 0.5 * x / x.std()
    return scaled


@pytest.mark.parametrize("alpha", [1.2, 3.0])
def test_tail_index_of_pareto(alpha: float) -> None:
    values = rng().random(50_000) ** (-1 / alpha)
    figure = f_.tail_index(values, 0.02)
    assert near(figure, alpha)
    assert figure.error == pytest.approx(figure.value / math.sqrt(1_000))
    assert f_.hill(values, 1.0) == pytest.approx(alpha, rel=0.03)


def test_annual_volatility_of_constant_moves() -> None:
    returns = np.where(np.arange(1_000) % 2, 5.0, -5.0)  # bps a minute
    figure = f_.annual_volatility(returns, 60.0, 365 * 86_400.0)
    assert figure.value == pytest.approx(5e-2 * math.sqrt(365 * 1_440))
    assert figure.error == pytest.approx(0.0, abs=1e-9)


def test_signature_is_flat_for_a_random_walk_and_not_for_a_bounce() -> None:
    walk = 1e5 + np.cumsum(rng().normal(size=86_400))
    assert f_.signature_spread(walk).value < 0.1
    assert f_.signature_spread(walk).n == 86_400 // 300
    bounce = walk + 3.0 * rng(2).normal(size=walk.size)
    assert f_.signature_spread(bounce).value > 1.0


def test_returns_take_every_so_many_steps() -> None:
    mid = np.array([100.0, 1.0, 101.0, 1.0, np.nan, 1.0, 102.0, 1.0, 103.0])
    found = f_.returns_bps(mid, 2)
    assert found[0] == pytest.approx(1e4 * math.log(1.01))
    assert np.isnan(found[1:3]).all() and np.isfinite(found[3])


def test_correlation() -> None:
    x, z = rng().normal(size=(2, 20_000))
    assert f_.correlation(x, 3 * x + 1).value == pytest.approx(1.0)
    assert near(f_.correlation(x, x + z), 0.5**0.5)
    y = x + z
    y[::3] = np.nan
    assert near(f_.correlation(x, y), 0.5**0.5)


def test_fano_of_poisson_and_of_pairs() -> None:
    counts = rng().poisson(5.0, size=50_000).astype(float)
    assert near(f_.fano(counts), 1.0)
    assert near(f_.fano(2 * counts), 2.0)


def test_impact_by_size_is_the_planted_power() -> None:
    size = rng().random(50_000) ** (-1 / 1.2)
    figure = f_.size_exponent(size, 0.2 * size**0.4)
    assert figure.value == pytest.approx(0.4, abs=0.02)
    noisy = f_.size_exponent(size, 0.2 * size**0.4 + rng(2).normal(size=size.size))
    assert near(noisy, 0.4, 5.0)
    sizes, moved = f_.by_size(size, size)
    assert (np.diff(sizes) > 0).all() and sizes.size == moved.size


def test_the_spread_after_large_orders() -> None:
    size = np.arange(1.0, 1_001.0)
    spread = np.where(size > 990.0, 5.0, 1.0)
    figure = f_.spread_jump(spread, size)
    assert figure.value == pytest.approx(5.0) and figure.n == 10
    assert math.isnan(f_.spread_jump(spread, np.ones(1_000)).value)


def test_busy_parts_of_a_day() -> None:
    day = np.ones(48)
    day[26:32] = 2.0
    assert f_.shape_ratio(day, range(26, 32)) == Figure(2.0, None, 48)
    day[40:] = np.nan
    assert f_.shape_ratio(day, range(26, 32)).n == 40
    assert math.isnan(f_.shape_ratio(day, range(40, 48)).value)


def test_the_time_at_one_tick_counts_by_time() -> None:
    spread = np.array([1.0, 2.0, np.nan, 1.0])
    figure = f_.one_tick_share(spread, np.array([6.0, 2.0, 100.0, 0.0]))
    assert figure == Figure(0.75, None, 3)
    assert f_.weighted_quantile(spread[:2], np.array([1.0, 3.0]), 0.5) == 2.0


def swept(rise: float) -> tuple[F64, F64]:
    """A side of 100 lots of which 80 are taken, again and again, coming back by `rise` a sample."""
    depth, taken = np.full((4_000, 2), 100.0), np.zeros((4_000, 2))
    for at in range(100, 3_000, 700):
        depth[at:, 1] = np.minimum(100.0, 20.0 + rise * np.arange(4_000 - at))
        taken[at, 1] = 80.0
    return depth, taken


def test_depth_comes_back_after_the_planted_time() -> None:
    figure = f_.depth_recovery(*swept(10.0), 0.1)  # half of 80 after four samples
    assert figure.value == pytest.approx(0.4) and figure.n == 5 and figure.error == 0.0
    assert f_.depth_recovery(*swept(0.001), 0.1).value == pytest.approx(60.0)


def test_depth_that_was_cancelled_is_no_sweep() -> None:
    depth, taken = swept(10.0)
    assert f_.depth_recovery(depth, 0.1 * taken, 0.1).n == 0
    shallow = 60.0 + 0.4 * depth  # loses 32 of 100
    assert f_.depth_recovery(shallow, taken, 0.1).n == 0


@pytest.mark.parametrize(
    ("bid", "bid_lots", "ask", "ask_lots", "imbalance"),
    [
        ([10, 10], [5, 8], [11, 11], [5, 5], 3.0),  # added at the bid
        ([10, 10], [5, 5], [11, 11], [5, 2], 3.0),  # taken from the ask
        ([10, 11], [5, 2], [12, 12], [5, 5], 2.0),  # a better bid
        ([10, 9], [5, 9], [11, 11], [5, 5], -5.0),  # the bid is gone
        ([10, 10], [5, 5], [11, 12], [5, 9], 5.0),  # the ask is gone
        ([10, 10], [5, 5], [12, 11], [5, 4], -4.0),  # a better ask
    ],
)
def test_flow_imbalance(
    bid: list[float],
    bid_lots: list[float],
    ask: list[float],
    ask_lots: list[float],
    imbalance: float,
) -> None:
    arrays = (np.array(column, float) for column in (bid, bid_lots, ask, ask_lots))
    assert f_.flow_imbalance(*arrays).tolist() == [imbalance]


def test_what_flow_explains_of_returns() -> None:
    x, z = rng().normal(size=(2, 20_000))
    assert near(f_.flow_r2(x, 2.0 * x + z), 0.8)
    assert near(f_.flow_r2(x, z), 0.0, 6.0)


SERIES: list[Callable[[F64], Figure]] = [
    f_.kurtosis,
    f_.kurtosis_fall,
    f_.abs_memory,
    f_.sign_decay,
    f_.signature_spread,
    f_.fano,
    lambda x: f_.memory(x, 1),
    lambda x: f_.tail_index(x, 0.05),
    lambda x: f_.annual_volatility(x, 60.0, 1e6),
    lambda x: f_.correlation(x, x),
    lambda x: f_.flow_r2(x, x),
    lambda x: f_.size_exponent(x, x),
    lambda x: f_.spread_jump(x, x),
    lambda x: f_.one_tick_share(x, x),
    lambda x: f_.depth_recovery(np.column_stack([x, x]), np.column_stack([x, x]), 0.1),
]


@pytest.mark.parametrize("length", [0, 1, 400])
@pytest.mark.parametrize("number", range(len(SERIES)))
def test_nothing_is_told_by_nothing(number: int, length: int) -> None:
    figure = SERIES[number](np.full(length, np.nan))
    assert math.isnan(figure.value)
    assert figure.n == 0
