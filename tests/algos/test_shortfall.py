"""Implementation shortfall: urgency, volatility and alpha front-load it."""

from __future__ import annotations

from decimal import Decimal

from steersman.algos import shortfall
from steersman.domain.units import Price
from tests.algos.stage import MID, T0, context, order
from tests.engine.desk import view

PRICE = Price(MID)


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
