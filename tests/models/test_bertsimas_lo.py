"""Bertsimas-Lo: the published policy, and that no other one is cheaper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.bertsimas_lo import equal_slices_cost, stages

PAPER = stages(20, 5e-5, 5.0, 0.5)


def test_the_published_policy() -> None:
    signal = {1: 0.0, 2: 25000, 3: 41666.67, 5: 61250, 10: 80019.531, 20: 90000.0095}
    for to_go, expected in signal.items():
        assert PAPER[to_go - 1].per_signal == pytest.approx(expected, rel=1e-6)
    for stage in PAPER:
        assert stage.per_remaining == pytest.approx(1 / stage.to_go, rel=1e-10)


def test_without_a_signal_it_is_equal_slices() -> None:
    found = stages(20, 5e-5)
    assert found[-1].trade(1e5, 0.0) == pytest.approx(5000)
    assert found[-1].cost(1e5, 0.0) == pytest.approx(equal_slices_cost(1e5, 20, 5e-5))
    assert equal_slices_cost(1e5, 20, 5e-5) == pytest.approx(262_500)
    assert equal_slices_cost(1e5, 1, 5e-5) == pytest.approx(5e-5 * 1e10)


@given(
    signal=st.floats(-10, 10),
    persistence=st.floats(-0.9, 0.9),
    to_go=st.integers(2, 6),
    nudge=st.floats(-1e3, 1e3),
)
def test_no_other_trade_costs_less_than_the_value_says(
    signal: float, persistence: float, to_go: int, nudge: float
) -> None:
    impact, weight, variance, remaining = 5e-5, 5.0, 0.3, 1e4
    found = stages(to_go, impact, weight, persistence, variance)
    now, then = found[-1], found[-2]

    def cost(trade: float) -> float:
        moved = (impact * trade + weight * signal) * remaining
        expected = then.cost(remaining - trade, persistence * signal) + then.c * variance
        return moved + expected

    best = now.trade(remaining, signal)
    assert cost(best) == pytest.approx(now.cost(remaining, signal), rel=1e-9, abs=1e-6)
    assert cost(best + nudge) >= cost(best) - 1e-6


def test_one_step_trades_everything() -> None:
    (only,) = stages(1, 5e-5, 5.0, 0.5)
    assert only.trade(1e5, 3.0) == 1e5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stages(0, 1.0), "at least one step"),
        (lambda: stages(2, 0.0), "impact must be finite and positive"),
        (lambda: stages(2, 1.0, 1.0, 1.5), "persistence must be from -1 to 1"),
        (lambda: stages(2, 1.0, 1.0, 0.5, -1.0), "signal_variance"),
        (lambda: equal_slices_cost(1.0, 0, 1.0), "at least one step"),
    ],
)
def test_calls_without_sense_are_refused(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call()
