"""Our taking moves the prices of a recorded market, the move fades, and nobody earns from it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from steersman.domain.units import Side
from steersman.errors import UsageError
from steersman.marketdata.events import DEPTH
from steersman.models.propagator import ExponentialKernel, PowerKernel, ShiftedPowerKernel
from steersman.venues import market as m_
from steersman.venues.latency import constant_latency
from steersman.venues.own_impact import OwnImpact
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC, Desk, Row, recording

TICK = 1_000_000
DEEP: tuple[Row, ...] = (
    (0, 3, 0, 0, 0),
    *((0, 4, 1, TICK - k, 50_000) for k in range(40)),
    *((0, 4, -1, TICK + 1 + k, 50_000) for k in range(40)),
    *((0.05 * (1 + k), DEPTH, 1, 999_000 - k % 7, 1_000 + k) for k in range(1_200)),
)
KERNEL = ShiftedPowerKernel(2.0, 0.6)


def desk(per_lot: float) -> Desk:
    impact = OwnImpact(per_lot, KERNEL)
    return Desk(SimulatedVenue.recorded(BTC, recording(DEEP), impact=impact))


def bid(desk: Desk, second: float) -> int:
    view = desk.until(second).view
    assert view.best_bid is not None and view.best_ask is not None
    assert BTC.ticks(view.best_ask) - BTC.ticks(view.best_bid) == 1
    return BTC.ticks(view.best_bid) - TICK


def test_a_taker_moves_everybodys_prices_and_the_move_fades() -> None:
    d = desk(0.002)
    d.until(10)
    d.take("a", Side.BUY, "10.000", "100100.0")  # 10,000 lots: 20 ticks at once
    moved = [bid(d, 10.02 + t) for t in (0, 2, 6, 18, 49)]
    wanted = [20 * KERNEL.left(t) for t in (0, 2, 6, 18, 49)]
    assert moved == pytest.approx(wanted, abs=1.2)
    assert str(d.fills[0].price) == "100001.1", "half of the others' move comes before we trade"
    assert [t for t in d.venue.tape().bid_ticks if t > TICK + 15], "and the tape shows it"


def test_selling_moves_them_down_and_both_cancel_out() -> None:
    d = desk(0.002)
    d.until(10)
    d.take("a", Side.SELL, "10.000", "99000.0")
    assert bid(d, 10.02) == -20
    d.take("b", Side.BUY, "10.000", "100100.0")
    assert abs(bid(d, 10.04)) <= 1


def test_without_impact_only_what_was_taken_is_gone() -> None:
    d = desk(0.0)
    d.until(10)
    d.take("a", Side.BUY, "10.000", "100100.0")
    assert bid(d, 10.02) == 0


def test_a_resting_order_keeps_its_price_and_is_hit_when_prices_come_back() -> None:
    d = desk(0.002)
    d.until(10)
    d.take("a", Side.BUY, "10.000", "100100.0")
    assert bid(d, 10.02) == 20
    d.rest("b", Side.SELL, "1.000", "100001.0")  # would take: their bid is 100,002.0 now
    d.rest("c", Side.BUY, "1.000", "100001.5")  # behind the bid of 100,002.0
    d.until(30)
    assert d.said("b") == ["Accepted", "Cancelled"] or d.said("b") == ["Cancelled"]
    fills = [fill for fill in d.fills if fill.child_id == "c"]
    assert [str(fill.price) for fill in fills] == ["100001.5"], "their offers came down to it"
    assert fills[0].qty == 1


@pytest.mark.parametrize("kernel", [KERNEL, ExponentialKernel(0.5), ShiftedPowerKernel(0.5, 0.9)])
@pytest.mark.parametrize("parts", [(1, 1), (1, 10), (10, 1), (5, 20)])
def test_no_round_trip_earns_from_its_own_impact(
    kernel: ShiftedPowerKernel | ExponentialKernel, parts: tuple[int, int]
) -> None:
    impact = OwnImpact(0.004, kernel)
    d = Desk(SimulatedVenue.recorded(BTC, recording(DEEP), impact=impact))
    second = 5.0
    for k, (side, n) in enumerate(zip((Side.BUY, Side.SELL), parts, strict=True)):
        for i in range(n):
            second += 0.25
            d.until(second)
            qty = f"{20 / n:.3f}"
            d.take(f"{k}-{i}", side, qty, "100500.0" if side is Side.BUY else "99500.0")
    d.until(second + 1)
    assert d.filled == 40
    signed = {"0": 1, "1": -1}
    cost = sum(fill.qty * fill.price * signed[fill.child_id[0]] for fill in d.fills)
    assert cost > 0


def test_the_state_follows_the_kernel() -> None:
    state = OwnImpact(1.0, KERNEL).state()
    modes = (state.size - 1) // 3
    decay, weight = state[1 : 1 + modes], state[1 + modes : 1 + 2 * modes]
    assert (weight >= 0).all()
    for steps in (0, 1, 10, 100, 1_000, 10_000):
        assert (weight * decay**steps).sum() == pytest.approx(KERNEL.left(steps / 10), abs=0.02)
    assert np.all(state[1 + 2 * modes :] == 0)


def test_what_could_be_exploited_or_followed_by_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="infinite at once"):
        OwnImpact(1.0, PowerKernel(0.5))
    for per_lot in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="ticks a lot"):
            OwnImpact(per_lot, KERNEL)
    with pytest.raises(UsageError, match="does not fade"):
        OwnImpact(1.0, ShiftedPowerKernel(1e-4, 3.0))


def test_an_order_whose_own_move_passes_its_limit_takes_what_is_left_within_it() -> None:
    for qty, limit, least in (("0.600", "100000.1", "0.5"), ("11.000", "100001.1", "9")):
        d = desk(0.002)
        d.until(10)
        d.take("b", Side.BUY, qty, limit)
        d.until(10.2)
        assert Decimal(least) <= d.filled <= Decimal(qty)
        assert all(fill.price <= Decimal(limit) for fill in d.fills)


def test_an_order_that_takes_nothing_moves_nothing() -> None:
    d = desk(0.002)
    d.until(10)
    d.rest("s", Side.SELL, "1.000", "100000.5")
    d.rest("q", Side.BUY, "1.000", "99999.0")
    d.until(10.1)
    places = [int(order[m_.AHEAD]) for order in d.venue._m.orders[:2]]
    d.take("b", Side.BUY, "10.000", "99990.0")
    d.until(10.2)
    assert not d.fills and bid(d, 10.3) == 0
    assert [int(order[m_.AHEAD]) for order in d.venue._m.orders[:2]] == places


def test_there_is_room_for_a_sweep_and_the_moves_around_it() -> None:
    rows: list[Row] = [(0, 3, 0, 0, 0)]
    rows += [(0, 4, 1, TICK - k, 1) for k in range(6_000)]
    rows += [(0, 4, -1, TICK + 1 + k, 1) for k in range(9_000)]
    rows += [(1 + k, DEPTH, 1, TICK - 9_000, 10 + k) for k in range(10)]
    late = constant_latency(10_000_000, 900_000_000)
    impact = OwnImpact(1.2, KERNEL)
    d = Desk(SimulatedVenue.recorded(BTC, recording(rows), impact=impact, latency=late))
    d.until(3.1)
    d.take("a", Side.BUY, "2.040", "190000.0")
    d.rest("s", Side.SELL, "0.800", f"{(TICK + 2_700) / 10}")
    d.take("b", Side.BUY, "2.040", "190000.0")
    d.until(8)
    assert sum(fill.qty for fill in d.fills if fill.child_id == "a") == Decimal("2.040")
    assert d.said("b")[-1] == "Cancelled", "our own order stands before the others by then"
