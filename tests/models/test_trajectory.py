"""Almgren-Chriss to the digit, at its edges, and against the reference cases where they are."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.trajectory import AlmgrenChriss
from steersman.models.validity import ModelError

# The worked case of Almgren and Chriss (2001), section 4: dollars, shares, days.
PAPER = AlmgrenChriss(sigma=0.95, eta=2.5e-6, tau=1.0, gamma=2.5e-7, epsilon=0.0625)


def test_the_papers_worked_case() -> None:
    got = PAPER.trajectory(1e6, 5, 1e-6)
    assert got.kappa == pytest.approx(0.607076, abs=5e-7)
    assert got.half_life == pytest.approx(1.64724, abs=5e-6)
    assert got.n == pytest.approx(
        (458044.446, 252101.335, 141956.732, 85755.686, 62141.802), abs=1e-3
    )
    assert got.cost == pytest.approx(911226.987, abs=1e-2)
    assert got.variance == pytest.approx(3.641285720580e11, rel=1e-10)


def test_without_risk_aversion_it_is_the_straight_line() -> None:
    got = PAPER.trajectory(1e6, 5, 0.0)
    assert got.x == pytest.approx((1e6, 8e5, 6e5, 4e5, 2e5, 0.0))
    assert got.cost == pytest.approx(662_500)
    assert got.variance == pytest.approx(1.083e12)
    assert got.half_life is None


@pytest.mark.parametrize(
    ("aversion", "cost", "variance", "half_life"),
    [
        (0.25e-6, 0.6996e6, 0.7513e12, 3.26),
        (0.5e-6, 0.7681e6, 0.5634e12, 2.31),
        (2e-6, 1.1407e6, 0.2019e12, 1.18),
        (4e-6, 1.4341e6, 0.0970e12, 0.86),
    ],
)
def test_the_frontier(aversion: float, cost: float, variance: float, half_life: float) -> None:
    got = PAPER.trajectory(1e6, 5, aversion)
    assert got.cost == pytest.approx(cost, abs=60)
    assert got.variance == pytest.approx(variance, abs=6e7)
    assert got.half_life == pytest.approx(half_life, abs=6e-3)


def test_the_limit_of_small_risk_aversion_is_smooth() -> None:
    flat = PAPER.trajectory(1e6, 5, 0.0).x
    for aversion in (1e-30, 1e-20, 1e-15):
        assert PAPER.trajectory(1e6, 5, aversion).x == pytest.approx(flat, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("aversion", [1e6, 1e150, 1e308])
def test_extreme_risk_aversion_does_not_overflow(aversion: float) -> None:
    got = PAPER.trajectory(1e6, 1000, aversion)
    assert all(math.isfinite(x) for x in got.x)
    assert got.n[0] == pytest.approx(1e6, rel=1e-6)


def test_one_interval_trades_everything() -> None:
    assert PAPER.trajectory(1e6, 1, 1e-6).n == pytest.approx((1e6,))


@given(aversion=st.floats(0, 1e-3), intervals=st.integers(1, 200), quantity=st.floats(1.0, 1e7))
def test_holdings_fall_to_nothing_and_trades_are_front_loaded(
    aversion: float, intervals: int, quantity: float
) -> None:
    got = PAPER.trajectory(quantity, intervals, aversion)
    assert got.x[0] == pytest.approx(quantity)
    assert got.x[-1] == 0.0
    assert sum(got.n) == pytest.approx(quantity)
    assert all(a >= b * (1 - 1e-9) for a, b in zip(got.n, got.n[1:], strict=False))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gamma": 6e-6}, "must be positive"),
        ({"tau": 0.0}, "tau must be positive"),
        ({"sigma": math.nan}, "sigma must be finite"),
        ({"eta": -1.0}, "eta must be finite and not negative"),
    ],
)
def test_parameters_without_sense_are_refused(changes: dict[str, float], words: str) -> None:
    values = {"sigma": 0.95, "eta": 2.5e-6, "tau": 1.0, "gamma": 0.0, **changes}
    with pytest.raises(ValueError, match=words):
        AlmgrenChriss(**values)


def test_calls_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one interval"):
        PAPER.trajectory(1.0, 0, 0.0)
    with pytest.raises(ValueError, match="risk aversion"):
        PAPER.kappa(-1.0)


def test_expected_cost_of_a_bad_day() -> None:
    got = PAPER.trajectory(1e6, 5, 1e-6)
    assert got.deviation == pytest.approx(603430.67, abs=1e-2)
    assert got.utility(1e-6) == pytest.approx(1275355.56, abs=1e-2)
    assert got.liquidity_var(0.95) == pytest.approx(1903782.11, abs=1e-2)
    assert got.liquidity_var(0.5) == pytest.approx(got.cost)
    for confidence in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="confidence"):
            got.liquidity_var(confidence)


def test_the_frontier_trades_cost_for_variance() -> None:
    found = PAPER.frontier(1e6, 5, [0.0, 1e-8, 1e-7, 1e-6, 1e-5])
    costs, variances = [t.cost for t in found], [t.variance for t in found]
    assert costs == sorted(costs)
    assert variances == sorted(variances, reverse=True)


def test_a_drift_is_worth_waiting_for() -> None:
    got = PAPER.trajectory(1e6, 5, 1e-6, drift=0.02)
    assert PAPER.static_holding(1e-6, 0.02) == pytest.approx(11080.3324, abs=1e-4)
    assert got.x == pytest.approx((1e6, 546342.287, 296084.117, 154127.386, 66528.535, 0), abs=1e-3)
    against = PAPER.trajectory(1e6, 5, 1e-6, drift=-0.02)
    assert all(a < b for a, b in zip(against.x[1:-1], got.x[1:-1], strict=True))


@given(
    aversion=st.one_of(st.just(0.0), st.floats(1e-15, 1e-4)),
    drift=st.floats(-0.1, 0.1),
    move=st.floats(-1e4, 1e4),
    place=st.integers(1, 4),
)
def test_no_other_trajectory_is_better(
    aversion: float, drift: float, move: float, place: int
) -> None:
    model = AlmgrenChriss(sigma=0.95, eta=2.5e-6, tau=1.0)

    def objective(x: list[float]) -> float:
        trades = [a - b for a, b in pairwise(x)]
        cost = model.eta_tilde * sum(n * n for n in trades) - drift * sum(x[1:])
        return cost + aversion * model.sigma**2 * sum(held * held for held in x[1:])

    best = model.trajectory(1e6, 5, aversion, drift)
    assert objective(list(best.x)) == pytest.approx(best.utility(aversion), rel=1e-9, abs=1e-3)
    other = list(best.x)
    other[place] += move
    assert objective(other) >= objective(list(best.x)) - 1e-3


def test_a_drift_without_risk_aversion_is_a_parabola_and_smooth() -> None:
    flat = PAPER.trajectory(1e6, 5, 0.0, drift=0.02)
    extra = [
        held - straight for held, straight in zip(flat.x, (1e6, 8e5, 6e5, 4e5, 2e5, 0), strict=True)
    ]
    scale = 0.02 / (4 * PAPER.eta_tilde)
    assert extra == pytest.approx([0, 4 * scale, 6 * scale, 6 * scale, 4 * scale, 0], abs=1e-6)
    assert PAPER.trajectory(1e6, 5, 1e-13, 0.02).x == pytest.approx(flat.x, rel=1e-5)
    assert PAPER.static_holding(0.0, 0.02) == math.inf
    assert PAPER.static_holding(0.0, 0.0) == 0.0
    urgent = PAPER.trajectory(1e6, 1000, 1e6, drift=0.02)
    assert all(map(math.isfinite, urgent.x))


def test_a_difference_on_one_price_path_is_far_less_risky() -> None:
    model = AlmgrenChriss(sigma=41.3802944301184, eta=2.0, tau=1.0, gamma=0.02, epsilon=3.0)
    twap, best = (model.trajectory(200, 60, aversion) for aversion in (0.0, 1e-7))
    to_bps = 1e4 / (200 * 60_000)
    assert twap.deviation * to_bps == pytest.approx(30.457, abs=1e-3)
    assert model.paired_deviation(twap, best) * to_bps == pytest.approx(0.738, abs=1e-3)
    assert model.paired_deviation(best, best) == 0
    with pytest.raises(ValueError, match="cannot be paired"):
        model.paired_deviation(twap, model.trajectory(200, 30, 0.0))


def test_the_reference_cases(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    seen = 0
    for case in cases:
        if not case["name"].startswith("ac_discrete_lambda"):
            continue
        seen += 1
        given_, expected = case["inputs"], case["expected"]
        model = AlmgrenChriss(
            given_["sigma"],
            given_["eta"],
            given_["T"] / given_["N"],
            given_["gamma"],
            given_["eps"],
        )
        got = model.trajectory(given_["X"], given_["N"], given_["lambda"])
        assert model.eta_tilde == pytest.approx(expected["eta_tilde"], rel=1e-6)
        assert got.kappa == pytest.approx(expected["kappa"], rel=1e-6)
        assert got.n == pytest.approx(expected["n"], rel=1e-6)
        assert got.cost == pytest.approx(expected["E"], rel=1e-6)
        assert got.variance == pytest.approx(expected["V"], rel=1e-6)
    assert seen >= 3


def test_any_trades_are_priced_like_the_optimal_ones() -> None:
    best = PAPER.trajectory(1e6, 5, 1e-6, drift=0.1)
    cost, variance = PAPER.price(best.n, drift=0.1)
    assert cost == pytest.approx(best.cost)
    assert variance == pytest.approx(best.variance)
    assert PAPER.price([7.0])[0] == pytest.approx(PAPER.trajectory(7.0, 1, 0.0).cost)
    with pytest.raises(ModelError, match="at least one trade"):
        PAPER.price([])
    with pytest.raises(ModelError, match=r"trades\[1\]"):
        PAPER.price([1.0, math.nan])
