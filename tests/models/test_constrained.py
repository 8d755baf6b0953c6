"""Trajectories within limits: optimal and the closed form where none of them binds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.constrained import (
    INTERVALS_MAX,
    almgren_chriss_within,
    blocks_within,
    obizhaeva_wang_within,
    participation_caps,
    tracking_within,
    whole_lots,
)
from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.propagator import (
    ExponentialKernel,
    ShiftedPowerKernel,
    cost_of_blocks,
    optimal_blocks,
)
from steersman.models.tracking import tracking_schedule
from steersman.models.trajectory import AlmgrenChriss
from steersman.models.validity import InfeasibleError, ModelError

INF = math.inf
MODEL = AlmgrenChriss(sigma=0.95, eta=2.5e-6, tau=1.0, gamma=2.5e-7, epsilon=0.0625)
BOOK = ObizhaevaWang(depth=5000, resilience=2.231, permanent=1e-4)
VOLUMES = (100.0, 30.0, 10.0, 50.0, 210.0)

Cost = Callable[[Sequence[float]], float]


def expect_optimal(
    trades: Sequence[float], quantity: float, caps: Sequence[float], cost: Cost
) -> None:
    """Check the bounds, the sum, and that no trade can be moved elsewhere at a profit."""
    side = math.copysign(1.0, quantity)
    assert math.fsum(trades) == pytest.approx(quantity, rel=1e-9)
    for trade, cap in zip(trades, caps, strict=True):
        assert 0 <= side * trade <= cap * (1 + 1e-12)
    step = abs(quantity) * 1e-4

    def changed(index: int, by: float) -> float:
        return cost([n + by * side * (i == index) for i, n in enumerate(trades)])

    # The costs are quadratic, so central differences are exact but for rounding.
    slope = [(changed(i, step) - changed(i, -step)) / 2 / step for i in range(len(trades))]
    tiny = abs(quantity) * 1e-7
    more = [s for s, n, c in zip(slope, trades, caps, strict=True) if side * n < c - tiny]
    less = [s for s, n in zip(slope, trades, strict=True) if side * n > tiny]
    assert max(less) <= min(more, default=INF) + 1e-4 * max(map(abs, slope))


def almgren_chriss_cost(risk_aversion: float, drift: float) -> Cost:
    def cost(trades: Sequence[float]) -> float:
        free_of_spread = AlmgrenChriss(MODEL.sigma, MODEL.eta_tilde, MODEL.tau)
        expected, variance = free_of_spread.price(trades, drift)
        return expected + risk_aversion * variance

    return cost


@pytest.mark.parametrize("quantity", [1e6, -1e6])
def test_a_cap_flattens_the_papers_case(quantity: float) -> None:
    caps = (3e5,) * 5
    trades = almgren_chriss_within(MODEL, quantity, caps, 1e-6)
    assert abs(trades[0]) == pytest.approx(3e5) == abs(trades[1])
    assert abs(trades[2]) > abs(trades[3]) > abs(trades[4]) > 0
    # Once the caps no longer bind, the rest is the free optimum of the rest.
    rest = MODEL.trajectory(4e5, 3, 1e-6).n
    assert [abs(n) for n in trades[2:]] == pytest.approx(rest, rel=1e-7)


@pytest.mark.parametrize("quantity", [1e6, -1e6])
@pytest.mark.parametrize("drift", [0.0, 0.5, -2.0])
@pytest.mark.parametrize("aversion", [0.0, 1e-6, 1e-4, 1.0])
def test_almgren_chriss_is_optimal_within_caps(
    quantity: float, drift: float, aversion: float
) -> None:
    caps = (2.5e5, 4e5, 0.0, INF, 3e5, 1e5)
    trades = almgren_chriss_within(MODEL, quantity, caps, aversion, drift)
    # An optimum of a purchase is that of a sale at the opposite drift.
    expect_optimal(trades, quantity, caps, almgren_chriss_cost(aversion, drift))


def test_a_strong_drift_makes_no_wrong_way_trade() -> None:
    free = MODEL.trajectory(1e5, 6, 1e-6, drift=1.0)
    assert min(free.n) < 0
    trades = almgren_chriss_within(MODEL, 1e5, (INF,) * 6, 1e-6, drift=1.0)
    assert trades[0] == 0.0 and min(trades) >= 0
    expect_optimal(trades, 1e5, (INF,) * 6, almgren_chriss_cost(1e-6, 1.0))


def test_obizhaeva_wang_is_optimal_within_caps() -> None:
    caps = (INF, *(8000.0,) * 9, 20_000.0)
    trades = obizhaeva_wang_within(BOOK, 1e5, 1.0, caps)
    assert trades[-1] == pytest.approx(20_000)
    expect_optimal(trades, 1e5, caps, lambda n: BOOK.impact_cost(n, 1.0))


def test_the_propagator_is_optimal_within_caps() -> None:
    kernel = ShiftedPowerKernel(0.05, 0.5)
    times = (0.0, 0.05, 0.3, 0.4, 0.9, 1.0)
    caps = (0.2, 0.2, 0.2, 0.2, 0.2, 0.5)
    trades = blocks_within(1.0, times, kernel, caps)
    expect_optimal(trades, 1.0, caps, lambda n: cost_of_blocks(n, times, kernel))


@pytest.mark.parametrize("side", [1, -1])
def test_tracking_is_optimal_within_caps(side: int) -> None:
    caps = participation_caps(VOLUMES, 0.2)
    assert caps == pytest.approx([volume / 4 for volume in VOLUMES])

    def cost(n: Sequence[float]) -> float:
        aims = (side * 0.1 * volume for volume in VOLUMES)
        return sum(n_**2 + 5 * (n_ - aim) ** 2 for n_, aim in zip(n, aims, strict=True))

    trades = tracking_within(side * 80.0, VOLUMES, 0.1, 1.0, 5.0, caps)
    assert abs(trades[2]) == pytest.approx(2.5)
    expect_optimal(trades, side * 80.0, caps, cost)


def test_no_negative_trade_where_the_order_is_small() -> None:
    assert min(tracking_schedule(5.0, VOLUMES, 0.2, 1.0, 50.0)) < 0
    trades = tracking_within(5.0, VOLUMES, 0.2, 1.0, 50.0, (INF,) * 5)
    assert min(trades) == 0 and math.fsum(trades) == pytest.approx(5)


def test_where_no_limit_binds_it_is_the_closed_form_to_the_bit() -> None:
    wide = (INF,) * 5
    assert almgren_chriss_within(MODEL, 1e6, wide, 1e-6) == MODEL.trajectory(1e6, 5, 1e-6).n
    assert obizhaeva_wang_within(BOOK, 1e5, 1.0, wide) == BOOK.blocks(1e5, 1.0, 4)
    times, kernel = (0.0, 0.1, 0.5, 0.8, 1.0), ExponentialKernel(2.0)
    assert blocks_within(-3.0, times, kernel, wide) == optimal_blocks(-3.0, times, kernel)
    tracked = tracking_schedule(80.0, VOLUMES, 0.1, 1.0, 5.0)
    assert tracking_within(80.0, VOLUMES, 0.1, 1.0, 5.0, wide) == tracked


def test_the_solver_agrees_with_the_closed_form_where_a_limit_hardly_binds() -> None:
    """One cap just below the free trade: the solver's answer is next to the closed form."""
    free = MODEL.trajectory(1e6, 40, 1e-6).n
    caps = (free[0] * (1 - 1e-9), *(INF,) * 39)
    trades = almgren_chriss_within(MODEL, 1e6, caps, 1e-6)
    assert trades != free
    assert trades == pytest.approx(free, rel=1e-5, abs=0.01)


def test_caps_that_are_the_order_leave_no_choice() -> None:
    assert almgren_chriss_within(MODEL, 10.0, (2.0, 3.0, 5.0), 1e-6) == (2.0, 3.0, 5.0)
    assert almgren_chriss_within(MODEL, -7.0, (7.0,), 1e-6) == (-7.0,)
    assert almgren_chriss_within(MODEL, 0.0, (1.0, 1.0), 1e-6, drift=1.0) == (0.0, 0.0)


@pytest.mark.parametrize("spare", [1e-12, 1e-7, 1e-3])
def test_caps_that_are_hardly_more_than_the_order_still_leave_one(spare: float) -> None:
    caps = (250_000.0, 250_000.0, 250_000.0, 250_000.0 * (1 + spare))
    trades = almgren_chriss_within(MODEL, 1e6, caps, 1e-6)
    assert trades[:3] == pytest.approx(caps[:3]) and trades[3] == pytest.approx(250_000)
    expect_optimal(trades, 1e6, caps, almgren_chriss_cost(1e-6, 0.0))


def test_what_cannot_be_completed_is_refused_with_the_arithmetic() -> None:
    words = "5 intervals of at most 150 make 750, 250 less than 1000: raise the cap"
    with pytest.raises(InfeasibleError, match=words):
        almgren_chriss_within(MODEL, 1000.0, (150.0,) * 5, 1e-6)


def test_what_makes_no_sense_is_refused() -> None:
    kernel = ExponentialKernel(1.0)
    still = ObizhaevaWang(depth=1.0, resilience=0.0)
    many = (1.0,) * (INTERVALS_MAX + 1)
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: almgren_chriss_within(MODEL, 1.0, (), 1e-6), "from 1 to 1000 caps"),
        (lambda: almgren_chriss_within(MODEL, 1.0, many, 1e-6), "got 1001"),
        (lambda: almgren_chriss_within(MODEL, 1.0, (1.0, math.nan), 1e-6), r"caps\[1\]"),
        (lambda: almgren_chriss_within(MODEL, 1.0, (2.0, -1.0), 1e-6), r"caps\[1\]"),
        (lambda: almgren_chriss_within(MODEL, math.nan, (2.0,), 1e-6), "quantity"),
        (lambda: obizhaeva_wang_within(BOOK, 1.0, 1.0, (2.0,)), "at least one interval"),
        (lambda: obizhaeva_wang_within(still, 1.0, 1.0, (2.0, 2.0)), "resilience"),
        (lambda: blocks_within(1.0, (0.0, 1.0), kernel, (2.0,)), "1 caps at 2 times"),
        (lambda: tracking_within(1.0, VOLUMES, 0.1, 1.0, 1.0, (2.0,)), "1 caps for 5"),
        (lambda: participation_caps((1.0,), 1.0), "participation"),
        (lambda: participation_caps((-1.0,), 0.1), "volumes"),
        (lambda: whole_lots((1.0, 2.0), 5), "sum to 5"),
        (lambda: whole_lots((1.0, 2.0), 3, (1,)), "1 caps for 2"),
        (lambda: whole_lots((2.0, 1.0), 3, (1, 5)), "keep their caps"),
        (lambda: whole_lots((-1.0, 4.0), 3), "off by 2"),
        (lambda: whole_lots((1.4, 1.4), 3, (1, 1)), "keep their caps"),
        (lambda: whole_lots((1.9,), 2, (1,)), "keep their caps"),
        (lambda: whole_lots((math.nan,), 2), "trades"),
    ]
    for call, words in calls:
        with pytest.raises(ModelError, match=words):
            call()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.integers(1, 3), st.data())
def test_whole_lots_keep_sum_caps_and_path(
    caps: list[int], aversion: int, data: st.DataObject
) -> None:
    total = data.draw(st.integers(-sum(caps), sum(caps)))
    trades = almgren_chriss_within(MODEL, total, caps, 10.0 ** -(3 * aversion))
    lots = whole_lots(trades, total, caps)
    side = -1 if total < 0 else 1
    assert sum(lots) == total
    for lot, cap, trade in zip(lots, caps, trades, strict=True):
        assert 0 <= side * lot <= cap
        assert abs(lot - trade) < 1 + 1e-6
    apart = np.cumsum(lots) - np.cumsum(trades)
    assert float(np.abs(apart).max()) <= 0.5 + 1e-4
