"""Calibration: estimates with honest errors, and refusals where the data do not tell."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.calibration import (
    fit_flow,
    fit_impact_parts,
    fit_square_root,
    shrink,
)
from steersman.models.regression import Estimate
from steersman.models.validity import ModelError, NotIdentifiedError

F64 = npt.NDArray[np.float64]
COVERED = (0.93, 0.97)


def flow(n: int, seed: int) -> tuple[F64, F64]:
    draws = np.random.default_rng(seed)
    volumes = draws.normal(size=n) * 100
    return 0.01 + 0.003 * volumes + draws.normal(size=n) * 0.5, volumes


def orders(n: int, seed: int, truth: float = 0.8) -> tuple[F64, F64, F64, F64]:
    draws = np.random.default_rng(seed)
    share = np.exp(draws.uniform(math.log(1e-4), math.log(0.1), n))
    sigma = 0.02 * np.exp(0.3 * draws.normal(size=n))
    days = draws.uniform(0.02, 1.0, n)
    noise = sigma * np.sqrt(days / 3) * draws.normal(size=n)
    return truth * sigma * np.sqrt(share) + noise, sigma, share, days


def test_kyles_regression() -> None:
    fit = fit_flow(*flow(2000, 20240101), lags=8)
    assert fit.slope.value == pytest.approx(0.0029034514, rel=1e-8)
    assert fit.se_ols == pytest.approx(0.00010922, abs=5e-9)
    assert fit.se_hc0 == pytest.approx(0.00010742, abs=5e-9)
    assert fit.se_newey_west == pytest.approx(0.00010789, abs=5e-9)
    assert fit.slope.standard_error == pytest.approx(fit.se_newey_west, rel=0.15)
    assert (fit.slope.n, fit.lags) == (2000, 8)
    assert fit_flow(*flow(1000, 1)).lags == 10


def test_without_lags_newey_west_is_white() -> None:
    fit = fit_flow(*flow(100, 2), lags=0)
    assert fit.se_newey_west == fit.se_hc0


def test_newey_west_sees_serial_correlation() -> None:
    draws = np.random.default_rng(3)
    smooth = np.convolve(draws.normal(size=3020), np.ones(20), "valid")
    volumes = np.convolve(draws.normal(size=3020), np.ones(20), "valid")
    fit = fit_flow(0.1 * volumes + smooth, volumes, lags=40)
    assert fit.slope.standard_error > fit.se_newey_west > 2 * fit.se_ols


def test_the_square_root_law_is_recovered() -> None:
    fit = fit_square_root(*orders(4000, 7))
    assert fit.gls.value == pytest.approx(0.8577, abs=5e-5)
    assert fit.se_known == pytest.approx(0.0371, abs=5e-5)
    assert fit.ols.value == pytest.approx(0.8490, abs=5e-5)
    assert fit.se_ols_hc0 == pytest.approx(0.0650, abs=5e-5)
    assert fit.noise == pytest.approx(1, abs=0.05)


def test_half_spreads_and_units_do_not_change_the_estimate() -> None:
    cost, sigma, share, days = orders(500, 8)
    spreads = np.full(500, 0.0003)
    fit = fit_square_root(
        (cost + spreads) * 1e4, sigma * 1e4, share, days, half_spreads=spreads * 1e4
    )
    assert fit.gls.value == pytest.approx(fit_square_root(cost, sigma, share, days).gls.value)


def parts(n: int, seed: int) -> tuple[F64, F64, F64, F64, F64, F64]:
    draws = np.random.default_rng(seed)
    _, sigma, share, days = orders(n, seed)
    end = np.sqrt(days) * draws.normal(size=n)
    mean = end / 2 + np.sqrt(days / 12) * draws.normal(size=n)
    later = end + np.sqrt(0.05) * draws.normal(size=n)
    move = 0.314 * sigma * share + sigma * later
    cost = 0.157 * sigma * share + 0.142 * sigma * (share / days) ** 0.6 + sigma * mean
    return cost, move, sigma, share, days, days + 0.05


def test_permanent_and_temporary_parts_are_recovered() -> None:
    cost, move, *rest = parts(4000, 3)
    fit = fit_impact_parts(cost, move, *rest)
    for estimate, truth in ((fit.gamma, 0.314), (fit.eta, 0.142)):
        assert abs(estimate.value - truth) < 3 * estimate.standard_error
    # Without noise in the prices they are exact, up to the noise of a rounding.
    _, _, sigma, share, days, until = parts(50, 3)
    draws = np.random.default_rng(1).normal(size=50) * 1e-12
    cost = 0.157 * sigma * share + 0.142 * sigma * (share / days) ** 0.6 + draws
    exact = fit_impact_parts(cost, 0.314 * sigma * share + draws, sigma, share, days, until)
    assert exact.gamma.value == pytest.approx(0.314)
    assert exact.eta.value == pytest.approx(0.142)


def test_parts_are_weighted_by_the_noise_of_a_path() -> None:
    cost, move, sigma, share, days, until = parts(60, 5)
    # Of the mean of a Brownian path until `days` less half of its end at `until`.
    variance = sigma**2 * (days / 3 + until / 4 - days / 2)
    x, y = sigma * (share / days) ** 0.6, cost - move / 2
    expected = float((x * y / variance).sum() / (x * x / variance).sum())
    assert fit_impact_parts(cost, move, sigma, share, days, until).eta.value == pytest.approx(
        expected
    )


def test_a_prior_pulls_as_hard_as_it_is_sure() -> None:
    pulled = shrink(Estimate(1.2, 0.4, 50), 0.8, 0.4)
    assert pulled.value == pytest.approx(1.0) and pulled.weight == pytest.approx(0.5)
    assert pulled.deviation == pytest.approx(0.4 / math.sqrt(2))
    assert shrink(Estimate(1.2, 1e-6, 50), 0.8, 0.4).value == pytest.approx(1.2)
    low, high = shrink(Estimate(9.0, 1e6, 50), 0.8, 0.4).interval()
    assert [low, high] == pytest.approx([0.8 - 0.784, 1.584], abs=1e-3)


def test_intervals_cover_the_truth() -> None:
    """2,000 replications each; at 95 % the share is within 93 to 97 (docs/models.md has all)."""
    hits = np.zeros(3)
    for seed in range(2_000):
        law = fit_square_root(*orders(100, seed))
        slope = fit_flow(*flow(400, seed)).slope
        for index, (estimate, truth) in enumerate([(law.gls, 0.8), (law.ols, 0.8), (slope, 0.003)]):
            low, high = estimate.interval()
            hits[index] += low <= truth <= high
    for share in hits / 2_000:
        assert COVERED[0] <= share <= COVERED[1]


def test_too_little_too_even_or_not_a_number_is_refused() -> None:
    changes, volumes = flow(100, 1)
    bad = changes.copy()
    bad[3] = math.nan
    with pytest.raises(NotIdentifiedError, match="29 observations, at least 30"):
        fit_flow(changes[:29], volumes[:29])
    with pytest.raises(NotIdentifiedError, match="flows do not vary"):
        fit_flow(changes, np.full(100, 7.0))
    with pytest.raises(NotIdentifiedError, match="price_changes has values that are not finite"):
        fit_flow(bad, volumes)
    with pytest.raises(NotIdentifiedError, match="one length"):
        fit_flow(changes, volumes[:50])
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_flow(changes, 1e12 + volumes)
    with pytest.raises(ModelError, match="lags"):
        fit_flow(changes, volumes, lags=100)


@pytest.mark.parametrize(
    ("column", "words"), [(1, "every volatility"), (2, "every quantity"), (3, "every duration")]
)
def test_orders_that_say_nothing_are_refused(column: int, words: str) -> None:
    columns = list(orders(50, 1))
    columns[column] = np.zeros(50)
    with pytest.raises(NotIdentifiedError, match=words):
        fit_square_root(*columns)


def test_half_spreads_of_other_orders_are_refused() -> None:
    with pytest.raises(NotIdentifiedError, match="40 half spreads of 50 orders"):
        fit_square_root(*orders(50, 1), half_spreads=np.zeros(40))


def test_sizes_that_hardly_differ_and_times_that_cannot_be_are_refused() -> None:
    cost, sigma, share, days = orders(50, 1)
    with pytest.raises(NotIdentifiedError, match="times apart, at least 4 times"):
        fit_square_root(cost, sigma, np.clip(share, 0.01, 0.039), days)
    with pytest.raises(NotIdentifiedError, match="ends before its order"):
        fit_impact_parts(cost, cost, sigma, share, days, days * 0.9)
    with pytest.raises(NotIdentifiedError, match="no noise"):
        fit_square_root(np.zeros(50), sigma, share, days)
    lone = np.full(50, 1e-20)
    lone[7] = 1.0
    with pytest.raises(NotIdentifiedError, match="single observation"):
        fit_square_root(cost, sigma, lone, days)
    with pytest.raises(ModelError, match="deviation"):
        shrink(Estimate(1.0, 0.1, 50), 0.8, 0.0)
    with pytest.raises(NotIdentifiedError, match="price changes do not vary"):
        fit_flow(np.zeros(50), share)
