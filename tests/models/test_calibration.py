"""Calibration: estimates with honest errors, and refusals where the data do not tell."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.calibration import (
    Estimate,
    RecursiveLeastSquares,
    fit_kyle,
    fit_square_root,
    student_quantile,
)
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
    fit = fit_kyle(*flow(2000, 20240101), lags=8)
    assert fit.slope.value == pytest.approx(0.0029034514, rel=1e-8)
    assert fit.se_ols == pytest.approx(0.00010922, abs=5e-9)
    assert fit.se_hc0 == pytest.approx(0.00010742, abs=5e-9)
    assert fit.slope.standard_error == fit.se_newey_west == pytest.approx(0.00010789, abs=5e-9)
    assert (fit.slope.n, fit.lags) == (2000, 8)
    assert fit_kyle(*flow(1000, 1)).lags == 10


def test_without_lags_newey_west_is_white() -> None:
    fit = fit_kyle(*flow(100, 2), lags=0)
    assert fit.se_newey_west == fit.se_hc0


def test_newey_west_sees_serial_correlation() -> None:
    draws = np.random.default_rng(3)
    smooth = np.convolve(draws.normal(size=3020), np.ones(20), "valid")
    volumes = np.convolve(draws.normal(size=3020), np.ones(20), "valid")
    fit = fit_kyle(0.1 * volumes + smooth, volumes, lags=40)
    assert fit.se_newey_west > 2 * fit.se_ols


def test_the_square_root_law_is_recovered() -> None:
    fit = fit_square_root(*orders(4000, 7))
    assert fit.gls.value == pytest.approx(0.8577, abs=5e-5)
    assert fit.gls.standard_error == pytest.approx(0.0371, abs=5e-5)
    assert fit.ols.value == pytest.approx(0.8490, abs=5e-5)
    assert fit.ols.standard_error == pytest.approx(0.0650, abs=5e-5)
    assert fit.noise == pytest.approx(1, abs=0.05)


def test_half_spreads_and_units_do_not_change_the_estimate() -> None:
    cost, sigma, share, days = orders(500, 8)
    spreads = np.full(500, 0.0003)
    fit = fit_square_root(
        (cost + spreads) * 1e4, sigma * 1e4, share, days, half_spreads=spreads * 1e4
    )
    assert fit.gls.value == pytest.approx(fit_square_root(cost, sigma, share, days).gls.value)


def test_intervals_cover_the_truth() -> None:
    """2,000 replications each; at 95 % the share is within 93 to 97."""
    hits = np.zeros(3)
    for seed in range(2_000):
        law = fit_square_root(*orders(60, seed))
        slope = fit_kyle(*flow(400, seed), lags=2).slope
        for index, (estimate, truth) in enumerate([(law.gls, 0.8), (law.ols, 0.8), (slope, 0.003)]):
            low, high = estimate.interval(0.95)
            hits[index] += low <= truth <= high
    for share in (hits / 2_000)[[0, 2]]:
        assert COVERED[0] <= share <= COVERED[1]
    # White's error is too small where few short orders carry all the weight: GLS is the estimate.
    assert hits[1] / 2_000 > 0.88


def test_the_t_quantile_against_its_table() -> None:
    for degrees, expected in ((28, 2.04841), (60, 2.00030), (1000, 1.96234)):
        assert student_quantile(0.975, degrees) == pytest.approx(expected, abs=2e-5)
    low, high = Estimate(1.0, 0.1, 31).interval()
    assert (low + high) / 2 == pytest.approx(1.0)
    assert high - 1.0 == pytest.approx(0.1 * 2.04227, abs=1e-5)


def feed(model: RecursiveLeastSquares, changes: F64, volumes: F64) -> None:
    for volume, change in zip(volumes.tolist(), changes.tolist(), strict=True):
        model.update((1.0, volume), change)


@pytest.mark.parametrize("forgetting", [0.97, 0.99, 1.0])
def test_recursive_is_weighted_batch(forgetting: float) -> None:
    changes, volumes = flow(700, 4)
    model = RecursiveLeastSquares((0.0, 0.0), forgetting=forgetting)
    feed(model, changes, volumes)
    weights = forgetting ** np.arange(699, -1, -1)
    x = np.column_stack([np.ones(700), volumes])
    gram = (x * weights[:, None]).T @ x
    batch = np.linalg.solve(gram, x.T @ (weights * changes))
    assert model.theta == pytest.approx(tuple(batch), rel=1e-4)
    assert model.n == 700
    assert model.memory == pytest.approx(math.inf if forgetting == 1 else 1 / (1 - forgetting))


def test_without_forgetting_its_errors_are_those_of_least_squares() -> None:
    changes, volumes = flow(700, 5)
    model = RecursiveLeastSquares((0.0, 0.0), forgetting=1.0, confidence=1e9)
    feed(model, changes, volumes)
    slope, fit = model.estimates()[1], fit_kyle(changes, volumes)
    assert slope.standard_error == pytest.approx(fit.se_ols, rel=1e-5)
    assert slope.value == pytest.approx(fit.slope.value, rel=1e-6)
    assert slope.n == 700


def test_with_forgetting_its_intervals_cover_the_truth() -> None:
    hits = 0
    for seed in range(400):
        model = RecursiveLeastSquares((0.0, 0.0), forgetting=0.97)
        feed(model, *flow(250, seed))
        low, high = model.estimates()[1].interval(0.95)
        hits += low <= 0.003 <= high
    assert 0.91 <= hits / 400 <= 0.985


def test_it_follows_what_changes() -> None:
    model = RecursiveLeastSquares((0.0, 0.0))
    feed(model, *flow(500, 6))
    changes, volumes = flow(500, 7)
    feed(model, changes + 0.002 * volumes, volumes)
    slope = model.estimates()[1]
    assert slope.value == pytest.approx(0.005, abs=4 * slope.standard_error)


def test_too_little_too_even_or_not_a_number_is_refused() -> None:
    changes, volumes = flow(100, 1)
    bad = changes.copy()
    bad[3] = math.nan
    with pytest.raises(NotIdentifiedError, match="29 observations, at least 30"):
        fit_kyle(changes[:29], volumes[:29])
    with pytest.raises(NotIdentifiedError, match="signed volumes do not vary"):
        fit_kyle(changes, np.full(100, 7.0))
    with pytest.raises(NotIdentifiedError, match="price_changes has values that are not finite"):
        fit_kyle(bad, volumes)
    with pytest.raises(NotIdentifiedError, match="one length"):
        fit_kyle(changes, volumes[:50])
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_kyle(changes, 1e12 + volumes)
    with pytest.raises(ModelError, match="lags"):
        fit_kyle(changes, volumes, lags=100)


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


def test_what_recursive_least_squares_refuses() -> None:
    model = RecursiveLeastSquares((0.0, 0.0))
    with pytest.raises(NotIdentifiedError, match="at least 30"):
        model.estimates()
    feed(model, *flow(60, 1))
    before = model.theta
    for regressors, observed in (((1.0, math.nan), 1.0), ((1.0, 1.0), math.inf)):
        with pytest.raises(NotIdentifiedError, match="not finite"):
            model.update(regressors, observed)
    assert model.theta == before and model.n == 60
    with pytest.raises(ModelError, match="1 regressors for 2"):
        model.update((1.0,), 1.0)
    still = RecursiveLeastSquares((0.0, 0.0))
    feed(still, np.ones(100), np.ones(100))
    with pytest.raises(NotIdentifiedError, match="collinear"):
        still.estimates()
    with pytest.raises(NotIdentifiedError, match="effective"):
        short = RecursiveLeastSquares((0.0, 0.0), forgetting=0.9)
        feed(short, *flow(500, 1))
        short.estimates()
    for call in (
        lambda: RecursiveLeastSquares(()),
        lambda: RecursiveLeastSquares((0.0,), forgetting=0.0),
        lambda: RecursiveLeastSquares((0.0,), confidence=0.0),
        lambda: RecursiveLeastSquares((math.nan,)),
        lambda: Estimate(1.0, 1.0, 40).interval(1.0),
    ):
        with pytest.raises(ModelError):
            call()
