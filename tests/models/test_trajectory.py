"""Almgren-Chriss to the digit, at its edges, and against the reference cases where they are."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.trajectory import AlmgrenChriss

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
