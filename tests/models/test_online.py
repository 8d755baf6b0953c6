"""Recursive least squares: the weighted batch exactly, and not turned by one wild print."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.calibration import fit_flow
from steersman.models.online import CLIP_MADS, RecursiveLeastSquares
from steersman.models.validity import ModelError, NotIdentifiedError

F64 = npt.NDArray[np.float64]


def flow(n: int, seed: int) -> tuple[F64, F64]:
    draws = np.random.default_rng(seed)
    volumes = draws.normal(size=n) * 100
    return 0.01 + 0.003 * volumes + draws.normal(size=n) * 0.5, volumes


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
    gram = (x * weights[:, None]).T @ x + forgetting**700 / 1e6 * np.eye(2)
    batch = np.linalg.solve(gram, x.T @ (weights * changes))
    assert model.theta == pytest.approx(tuple(batch), rel=1e-8)
    assert model.n == 700
    assert model.memory == pytest.approx(math.inf if forgetting == 1 else 1 / (1 - forgetting))


def test_without_forgetting_its_errors_are_those_of_least_squares() -> None:
    changes, volumes = flow(700, 5)
    model = RecursiveLeastSquares((0.0, 0.0), forgetting=1.0, confidence=1e9)
    feed(model, changes, volumes)
    slope, fit = model.estimates()[1], fit_flow(changes, volumes)
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


@pytest.mark.parametrize(
    ("flows", "changes", "words"),
    [
        (0.0, 1.0, "nothing about parameter 1: its regressor is as good as zero"),
        (1e-9, 1.0, "nothing about parameter 1"),
        (7.0, 1.0, "collinear"),
        (0.0, 0.0, "nothing about parameter 1"),
    ],
)
def test_a_market_that_does_nothing_gives_no_zero(flows: float, changes: float, words: str) -> None:
    draws, model = np.random.default_rng(1), RecursiveLeastSquares((0.0, 0.0))
    feed(model, changes * draws.normal(size=500), np.full(500, flows))
    with pytest.raises(NotIdentifiedError, match=words):
        model.estimates()


def test_a_price_that_never_moves_gives_no_zero() -> None:
    model = RecursiveLeastSquares((0.0, 0.0))
    feed(model, np.zeros(500), np.random.default_rng(1).normal(size=500))
    with pytest.raises(NotIdentifiedError, match="no noise"):
        model.estimates()


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
    calls: list[Callable[[], object]] = [
        lambda: RecursiveLeastSquares(()),
        lambda: RecursiveLeastSquares((0.0,), forgetting=0.0),
        lambda: RecursiveLeastSquares((0.0,), confidence=0.0),
        lambda: RecursiveLeastSquares((math.nan,)),
        lambda: RecursiveLeastSquares((0.0,), clip_mads=0.0),
    ]
    for call in calls:
        with pytest.raises(ModelError):
            call()


def test_a_wild_print_is_clipped_and_a_new_level_is_followed() -> None:
    changes, volumes = flow(300, 11)
    calm = RecursiveLeastSquares((0.0, 0.0), clip_mads=CLIP_MADS)
    feed(calm, changes, volumes)
    wild = RecursiveLeastSquares((0.0, 0.0), clip_mads=CLIP_MADS)
    plain = RecursiveLeastSquares((0.0, 0.0))
    spoiled = changes.copy()
    spoiled[-5] += 1e4
    assert volumes[-5] != 0
    feed(wild, spoiled, volumes)
    feed(plain, spoiled, volumes)
    error = calm.estimates()[1].standard_error
    assert abs(wild.theta[1] - calm.theta[1]) < error < abs(plain.theta[1] - calm.theta[1])
    assert wild.update((1.0, 0.0), 500.0) > 400  # the miss is told whole
    feed(wild, *(flow(900, 12)[0] + 3.0, flow(900, 12)[1]))
    assert wild.theta[0] == pytest.approx(3.0, abs=0.3)


def test_a_price_that_stood_still_is_followed_when_it_moves() -> None:
    model = RecursiveLeastSquares((0.0,), forgetting=0.99, clip_mads=CLIP_MADS)
    for k in range(2_000):
        flow = 0.0 if k < 40 or k % 3 else 1.0  # first all, then two of three are nothing, exactly
        model.update((flow,), 0.5 * flow)
    assert model.theta[0] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("clip", [math.inf, CLIP_MADS])
@pytest.mark.parametrize(
    ("regressors", "observed"), [((1.0, 1.0), 1e200), ((1.0, 1e200), 1.0), ((1e200, 1.0), 0.0)]
)
def test_what_is_too_large_to_square_changes_nothing(
    clip: float, regressors: tuple[float, float], observed: float
) -> None:
    one, other = (RecursiveLeastSquares((0.0, 0.0), clip_mads=clip) for _ in range(2))
    for model in (one, other):
        feed(model, *flow(50, 3))
    with pytest.raises(NotIdentifiedError, match="too large"):
        one.update(regressors, observed)
    for model in (one, other):
        feed(model, *flow(300, 9))
    assert one.theta == other.theta and one.estimates() == other.estimates()


def test_squares_that_are_finite_one_by_one_and_not_together_are_refused() -> None:
    model = RecursiveLeastSquares((0.0,))
    held = model.snapshot()
    for make in (lambda: model.update((1e150,), 1.0), lambda: held.renewed(1e150, 1.0, 0.99)):
        with pytest.raises(NotIdentifiedError, match="too large"):
            make()
    model.update((1.0,), 1.3e154)
    held = held.renewed(1.0, 1.3e154, 0.99)
    for _ in range(5):
        with pytest.raises(NotIdentifiedError, match="too large"):
            model.update((1.0,), -1e154)
        with pytest.raises(NotIdentifiedError, match="too large"):
            held.renewed(1.0, -1e154, 0.99)
    assert held == model.snapshot()


def test_what_is_never_seen_is_not_forgotten_without_end() -> None:
    """At 0.99 the variance of a parameter whose regressor is zero passes any float in 70,000."""
    model, held = RecursiveLeastSquares((0.0, 7.0)), RecursiveLeastSquares((7.0,)).snapshot()
    draws = np.random.default_rng(2)
    for noise in draws.normal(size=80_000).tolist():
        model.update((1.0, 0.0), 3.0 + noise)
        held = held.renewed(0.0, noise, 0.99)
    assert model.theta[1] == held.theta[0] == 7.0
    assert model.theta[0] == pytest.approx(3.0, abs=0.4)
    with pytest.raises(NotIdentifiedError, match="nothing about parameter 1"):
        model.estimates()
    moved = draws.normal(size=(700, 2)).tolist()
    for flow_, noise in moved:
        model.update((1.0, flow_), 5.0 + 0.5 * flow_ + noise)
        held = held.renewed(flow_, 0.5 * flow_ + noise, 0.99)
    for found, true in zip(model.estimates(), (5.0, 0.5), strict=True):
        assert found.value == pytest.approx(true, abs=4 * found.standard_error)
        assert 0.03 < found.standard_error < 0.15
    assert held.theta[0] == pytest.approx(0.5, abs=0.4)


def test_regressors_that_say_the_same_leave_what_they_say_known() -> None:
    """One combination is never seen; the other follows the market all the same."""
    model = RecursiveLeastSquares((0.0, 0.0))
    draws = np.random.default_rng(3)
    for level in (4.0, -2.0):
        for noise in draws.normal(size=5_000).tolist():
            model.update((1.0, 7.0), level + 0.1 * noise)
        assert model.theta[0] + 7 * model.theta[1] == pytest.approx(level, abs=0.06)


def test_unclipped_and_never_clipping_agree() -> None:
    changes, volumes = flow(200, 13)
    one, other = (RecursiveLeastSquares((0.0, 0.0), clip_mads=c) for c in (math.inf, 1e9))
    feed(one, changes, volumes)
    feed(other, changes, volumes)
    assert one.theta == other.theta


def test_a_snapshot_is_renewed_as_the_fit_itself_would_be_to_the_bit() -> None:
    rng = np.random.default_rng(4)
    fit = RecursiveLeastSquares([0.3], forgetting=0.97, confidence=5.0)
    held = fit.snapshot()
    for x, y in rng.normal(size=(200, 2)).tolist():
        fit.update([x], y)
        held = held.renewed(x, y, 0.97)
        assert held == fit.snapshot()
    for x, y in ((math.inf, 1.0), (1.0, 1e200), (1e200, 1.0)):
        with pytest.raises(NotIdentifiedError, match="not finite"):
            held.renewed(x, y, 0.97)
    for _ in range(2_000):
        fit.update([0.0], 1.0)
        held = held.renewed(0.0, 1.0, 0.97)
    assert held == fit.snapshot() and held.covariance == ((5e3,),)
