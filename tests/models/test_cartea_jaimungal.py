"""Cartea-Jaimungal: the closed form solves its equation, and every degenerate case is defined."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.cartea_jaimungal import CarteaJaimungal
from steersman.models.continuous import ContinuousAlmgrenChriss

BOOK = CarteaJaimungal(temporary=1e-3, running=1e-4, terminal=0.1, horizon=1.0, permanent=1e-3)


def test_the_worked_case() -> None:
    assert BOOK.holding(1000, 0.0) == pytest.approx(1000)
    assert BOOK.holding(1000, 0.5) == pytest.approx(498.64549, abs=1e-5)
    assert BOOK.holding(1000, 1.0) == pytest.approx(9.78310, abs=1e-5)
    assert BOOK.rate(1000, 0.5) == pytest.approx(986.1030, abs=1e-4)
    assert BOOK.zeta == pytest.approx(1.00637660)


@given(
    temporary=st.floats(1e-4, 1),
    running=st.floats(0, 10),
    terminal=st.floats(0.01, 10),
    time=st.floats(0.01, 0.99),
)
def test_it_solves_its_equation(
    temporary: float, running: float, terminal: float, time: float
) -> None:
    """k q'' = phi q inside, and k q' = -(alpha - b/2) q at the end."""
    model = CarteaJaimungal(temporary, running, terminal, 1.0, permanent=0.01)
    step = 1e-4
    bent = (model.rate(1.0, time - step) - model.rate(1.0, time + step)) / (2 * step)
    held = model.holding(1.0, time)
    assert temporary * bent == pytest.approx(running * held, rel=2e-3, abs=1e-6)
    slope = (model.holding(1.0, time - step) - model.holding(1.0, time + step)) / (2 * step)
    assert model.rate(1.0, time) == pytest.approx(slope, rel=2e-3, abs=1e-6)
    end = (terminal - 0.005) * model.holding(1.0, 1.0)
    assert temporary * model.rate(1.0, 1.0) == pytest.approx(end, rel=1e-9)


def test_without_running_penalty_the_rate_is_constant() -> None:
    model = CarteaJaimungal(1e-3, 0.0, 0.1, 2.0)
    assert model.rate(1000, 0.0) == model.rate(1000, 2.0) == pytest.approx(100 / (1e-3 + 0.2))
    assert model.holding(1000, 2.0) == pytest.approx(1000 - 2 * model.rate(1000, 0.0))
    near = CarteaJaimungal(1e-3, 1e-15, 0.1, 2.0)
    assert near.holding(1000, 1.3) == pytest.approx(model.holding(1000, 1.3), rel=1e-9)


def test_where_zeta_is_infinite_the_holding_is_one_exponential() -> None:
    model = CarteaJaimungal(temporary=1.0, running=4.0, terminal=2.0, horizon=1.0)
    assert model.zeta == math.inf
    assert model.holding(1.0, 0.7) == pytest.approx(math.exp(-2 * 0.7))


def test_a_heavy_penalty_tends_to_almgren_chriss_and_does_not_overflow() -> None:
    heavy = CarteaJaimungal(temporary=1e-3, running=1e-4, terminal=1e9, horizon=1.0)
    limit = ContinuousAlmgrenChriss(sigma=1.0, eta=1e-3, horizon=1.0)
    assert heavy.holding(1000, 0.4) == pytest.approx(limit.holding(1000, 0.4, 1e-4), rel=1e-6)
    urgent = CarteaJaimungal(temporary=1e-6, running=1e6, terminal=1.0, horizon=1.0)
    assert urgent.gamma * urgent.horizon == pytest.approx(1e6)
    assert urgent.holding(1000, 1.0) == 0.0
    assert math.isfinite(urgent.rate(1000, 0.0))


def test_something_is_always_left() -> None:
    for terminal in (0.01, 1.0, 1e6):
        assert CarteaJaimungal(1e-3, 1e-4, terminal, 1.0).holding(1000, 1.0) > 0


def test_parameters_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="must exceed half the permanent impact"):
        CarteaJaimungal(1e-3, 1e-4, terminal=0.1, horizon=1.0, permanent=0.3)
    with pytest.raises(ValueError, match="temporary"):
        CarteaJaimungal(0.0, 1e-4, 0.1, 1.0)
    with pytest.raises(ValueError, match="time must be from 0"):
        BOOK.holding(1.0, 1.5)
