"""Implementation shortfall: urgency, volatility and alpha front-load it; conditions re-plan it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos import shortfall
from steersman.algos.base import Plan
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.models.impact_estimate import Conditions
from tests.algos.stage import BTC, MID, T0, context, order

PRICE = Price(MID)
SLICE_NS = 30 * SECOND_NS


def conditions(**changes: Any) -> Conditions:
    values: dict[str, Any] = {
        "sigma_day_bps": 250.0,
        "volume_per_s": 2.0,
        "y": 0.8,
        "y_error": 0.4,
        "source": "a test",
        **changes,
    }
    return Conditions(**values)


CALM = conditions()


def planned(parent: ParentOrder, now: Conditions = CALM) -> Plan:
    return shortfall.plan(parent, T0, PRICE, context(), now)


def again(parent: ParentOrder, before: Plan, k: int, now: Conditions, scheduled: str = "0") -> Plan:
    """Plan anew in the middle of slice k."""
    at_ns = T0 + k * SLICE_NS + SLICE_NS // 2
    qty = Qty(Decimal(scheduled))
    return shortfall.replan(parent, before, qty, at_ns, PRICE, context(), now)


def first_half(urgency: str, **changes: object) -> Decimal:
    plan = planned(order(urgency=Decimal(urgency), **changes))
    return plan.done[len(plan.done) // 2 - 1]


def test_urgency_front_loads_and_patience_is_twap() -> None:
    assert first_half("0") == 5
    halves = [first_half(urgency) for urgency in ("0", "0.3", "0.5", "0.8", "1")]
    assert halves == sorted(halves)
    assert halves[-1] > 8


def test_volatility_cheap_trading_and_alpha_make_it_hurry() -> None:
    wild = planned(order(), conditions(sigma_day_bps=1_000.0))
    cheap = planned(order(), conditions(y=0.1))
    busy = planned(order(), conditions(volume_per_s=200.0))
    for hurried in (wild, cheap, busy):
        assert hurried.done[3] > planned(order()).done[3]
    assert first_half("0.5", alpha_bps=Decimal(50), alpha_half_life_s=60) > first_half("0.5")


@pytest.mark.parametrize(
    "changes", [{"sigma_day_bps": 1e-3}, {"volume_per_s": 1e-12}, {"y": -0.3}, {"y": 0.0}]
)
def test_extreme_conditions_still_give_a_plan(changes: dict[str, float]) -> None:
    plan = planned(order(), conditions(**changes))
    assert plan.done[-1] == 10
    assert list(plan.done) == sorted(plan.done)


@pytest.mark.parametrize("urgency", ["0", "0.5", "0.9"])
def test_the_same_conditions_give_the_same_plan_again(urgency: str) -> None:
    parent = order(urgency=Decimal(urgency))
    before = planned(parent)
    for k in range(len(before.done)):
        after = again(parent, before, k, CALM, str(before.done[k]))
        assert after.times_ns == before.times_ns and after.done[: k + 1] == before.done[: k + 1]
        for old, new in zip(before.done, after.done, strict=True):
            assert abs(old - new) <= BTC.lot


def test_a_wilder_market_hurries_what_is_left() -> None:
    before = planned(order())
    after = again(order(), before, 5, conditions(sigma_day_bps=1_000.0), str(before.done[5]))
    assert after.done[:6] == before.done[:6]
    assert after.done[8] > before.done[8] and after.done[-1] == 10
    slower = again(order(), before, 5, conditions(sigma_day_bps=50.0), str(before.done[5]))
    assert slower.done[8] < before.done[8]


def test_what_is_scheduled_already_is_the_least() -> None:
    before = planned(order())
    after = again(order(), before, 5, CALM, "9")
    assert after.done[5] == 9 and min(after.done[5:]) == 9
    assert again(order(), before, 5, CALM, "10") == before, "nothing is left to plan"
    last = len(before.done) - 1
    assert again(order(), before, last, conditions(y=0.1)) == before


@given(
    lots=st.integers(20, 20_000),
    changes=st.lists(
        st.tuples(st.integers(0, 19), st.floats(1.0, 5e3), st.floats(1e-3, 1e4), st.floats(-1, 3)),
        max_size=8,
    ),
)
def test_no_sequence_of_conditions_sends_anything_back(
    lots: int, changes: list[tuple[int, float, float, float]]
) -> None:
    parent = order(qty=Qty(lots * BTC.lot))
    plan, scheduled = planned(parent), Qty(Decimal(0))
    for k, sigma, volume, y in sorted(changes):
        scheduled = max(scheduled, plan.done[k])
        plan = again(
            parent,
            plan,
            k,
            conditions(sigma_day_bps=sigma, volume_per_s=volume, y=y),
            str(scheduled),
        )
        assert plan.done[k] >= scheduled and plan.done[-1] == parent.qty
        assert all(a <= b <= parent.qty and b % BTC.lot == 0 for a, b in pairwise(plan.done))
