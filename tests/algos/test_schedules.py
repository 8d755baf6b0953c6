"""The schedules: TWAP, VWAP, POV and implementation shortfall, against numbers worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.algos import pov, shortfall, twap, vwap
from steersman.domain.limits import ExecutionConfig
from steersman.domain.units import HOUR_NS, MINUTE_NS, Price, Qty
from tests.algos.stage import MID, SHARES, T0, context, order, progress
from tests.engine.desk import view

PRICE = Price(MID)


def test_ten_thousand_shares_over_eight_quarters_of_an_hour() -> None:
    parent = order(qty=Qty(Decimal(10_000)), deadline_ns=T0 + 2 * HOUR_NS)
    plan = twap.plan(parent, T0, PRICE, context(SHARES, ExecutionConfig(slice_s=900)))
    assert plan.done == tuple(Decimal(1_250 * k) for k in range(1, 9))
    assert plan.times_ns == tuple(T0 + k * 15 * MINUTE_NS for k in range(9))


def test_the_remainder_is_in_the_last_slice() -> None:
    parent = order(qty=Qty(Decimal(1_001)), deadline_ns=T0 + 90 * 1_000_000_000)
    plan = twap.plan(parent, T0, PRICE, context(SHARES))
    assert plan.done == (334, 667, 1_001)


def test_volume_weights() -> None:
    # The second half hour trades three times as much as the first.
    start = (T0 // (24 * HOUR_NS)) * 24 * HOUR_NS
    parent = order(qty=Qty(Decimal(4_000)), start_ns=start, deadline_ns=start + HOUR_NS)
    curve = (0.5, 1.5, *(1.0,) * 46)
    plan = vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=curve)
    )
    assert plan.done == (1_000, 4_000)
    flat = vwap.plan(parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800)))
    assert flat.done == (2_000, 4_000)
    closed = (0.0,) * 48
    assert vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=closed)
    ).done == (2_000, 4_000)


def test_percentage_of_volume_follows_what_is_traded() -> None:
    parent = order()
    # 10 of 1,010 with a tenth in hand is 1.089 % of the total.
    now = progress(parent, others_volume=Qty(Decimal(500)))
    share = pov.rate(parent, now, context())
    assert share == pytest.approx(Decimal("0.010891"), abs=Decimal("1e-6"))
    assert pov.done_by_volume(parent, now, context()) == Decimal("5.505")
    assert pov.done_by_volume(parent, progress(parent), context()) == 0
    much = progress(parent, others_volume=Qty(Decimal(10**6)))
    assert pov.done_by_volume(parent, much, context()) == parent.qty


def test_percentage_of_volume_is_bounded() -> None:
    parent = order(qty=Qty(Decimal(900)))
    assert pov.rate(parent, progress(parent), context()) == Decimal("0.10")
    unknown = progress(parent, expected_volume=Qty(Decimal(0)))
    assert pov.rate(parent, unknown, context()) == Decimal("0.10")
    tiny = order(qty=Qty(Decimal("0.1")))
    assert pov.rate(tiny, progress(tiny), context()) == Decimal("0.01")


def first_half(urgency: str, **changes: object) -> Decimal:
    parent = order(urgency=Decimal(urgency), **changes)
    plan = shortfall.plan(parent, view(T0), PRICE, context())
    return plan.done[len(plan.done) // 2 - 1]


def test_urgency_front_loads_and_patience_is_twap() -> None:
    assert first_half("0") == 5
    halves = [first_half(urgency) for urgency in ("0", "0.3", "0.5", "0.8", "1")]
    assert halves == sorted(halves)
    assert halves[-1] > 8


def test_volatility_and_alpha_make_it_hurry() -> None:
    calm = shortfall.plan(order(), view(T0, volatility_hour_pct=0.2), PRICE, context())
    wild = shortfall.plan(order(), view(T0, volatility_hour_pct=2.0), PRICE, context())
    assert wild.done[3] > calm.done[3]
    assert first_half("0.5", alpha_bps=Decimal(50), alpha_half_life_s=60) > first_half("0.5")


def test_a_market_without_volatility_or_volume_still_gives_a_plan() -> None:
    dead = view(T0, volatility_hour_pct=0.0, volume_rate_per_s=0.0)
    plan = shortfall.plan(order(), dead, PRICE, context())
    assert plan.done[-1] == 10
