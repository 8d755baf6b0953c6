"""Obizhaeva-Wang: blocks at both ends, inside what a slice holds, in whole lots."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos import resilience
from steersman.algos.base import AlgoContext, Plan
from steersman.domain.limits import ExecutionConfig
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.models.obizhaeva_wang import ObizhaevaWang
from tests.algos.stage import BTC, MID, T0, context, order
from tests.engine.desk import limits, view

PRICE = Price(MID)
HOUR_NS = 3_600 * SECOND_NS


def planned(
    parent: ParentOrder, ctx: AlgoContext | None = None, **changes: Any
) -> tuple[Plan, list[Decimal]]:
    """Return the plan, and what each slice adds."""
    plan = resilience.plan(parent, view(T0, **changes), PRICE, ctx or context())
    return plan, [b - a for a, b in pairwise((Decimal(0), *plan.done))]


def test_where_nothing_binds_the_blocks_are_the_papers() -> None:
    parent = order(qty=Qty(Decimal(10)))
    _, steps = planned(parent, volume_rate_per_s=1_000.0)
    model = ObizhaevaWang(depth=1.0, resilience=math.log(2) / 60)
    expected = model.blocks(10.0, 570.0, 19)
    assert len(steps) == 20 and sum(steps) == 10
    for step, block in zip(steps, expected, strict=True):
        assert abs(float(step) - block) <= 0.001
    assert steps[0] > 3 * steps[10] and steps[-1] > 3 * steps[10]


def test_blocks_stay_within_participation() -> None:
    """2 a second in 30 s, at most a tenth of all: 6.667 in a slice."""
    parent = order(qty=Qty(Decimal(80)))
    _, steps = planned(parent)
    cap = Decimal(60) / 9
    assert max(steps) <= cap + BTC.lot
    assert steps[0] > cap - Decimal("0.01") and steps[-1] > cap - Decimal("0.01")
    assert steps[1] > steps[10], "what was cut off moved inwards, not into the middle"
    assert sum(steps) == 80


def test_blocks_stay_within_the_largest_children_and_their_pace() -> None:
    ctx = context(safety=limits(max_order_size=Decimal(12_000)))  # 0.2 of 60,000, 6 in a slice
    _, steps = planned(order(qty=Qty(Decimal(10))), ctx, volume_rate_per_s=1_000.0)
    assert max(steps) <= Decimal("1.201") and steps[0] >= Decimal("1.19")


def test_what_the_slices_do_not_hold_is_filled_in_proportion() -> None:
    plan, steps = planned(order(qty=Qty(Decimal(500))))
    assert plan.done[-1] == 500 and max(steps) - min(steps) <= 2 * BTC.lot
    dead, _ = planned(order(), volume_rate_per_s=0.0)
    assert dead.done[-1] == 10 and dead.done[9] == 5


@pytest.mark.parametrize("hours", [1, 4, 24])
def test_long_orders_are_planned_in_groups(hours: int) -> None:
    parent = order(qty=Qty(Decimal(100)), deadline_ns=T0 + hours * HOUR_NS)
    plan, _ = planned(parent, volume_rate_per_s=50.0)
    assert len(plan.done) == 120 * hours and plan.done[-1] == 100
    middle = plan.done[60 * hours - 1]
    assert abs(middle - 50) < 1, "the same at both ends"
    if hours == 24:  # nothing that lasts a minute matters: an even rate, up to the end's lots
        assert max(abs(done - Decimal(k + 1) * 100 / 2880) for k, done in enumerate(plan.done)) < 1


def test_one_slice_is_the_whole_order() -> None:
    plan, _ = planned(order(deadline_ns=T0 + 45 * SECOND_NS))
    assert plan.done == (Decimal(10),)


@given(
    lots=st.integers(20, 200_000),
    seconds=st.integers(30, 3_000),
    rate=st.floats(0.0, 1e3),
    share=st.sampled_from(["0.01", "0.1", "1"]),
    largest=st.integers(100, 1_000_000),
)
def test_every_plan_rises_to_the_whole_order_in_whole_lots(
    lots: int, seconds: int, rate: float, share: str, largest: int
) -> None:
    ctx = context(
        execution=ExecutionConfig(max_participation=Decimal(share)),
        safety=limits(max_participation=Decimal(share), max_order_size=Decimal(largest)),
    )
    parent = order(qty=Qty(lots * BTC.lot), deadline_ns=T0 + seconds * SECOND_NS)
    plan, steps = planned(parent, ctx, volume_rate_per_s=rate)
    assert plan.done[-1] == parent.qty and min(steps) >= 0
    assert all(done % BTC.lot == 0 for done in plan.done)
