"""Plans are exact to the lot, never fall, never exceed the order, and leave no dust."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos.base import (
    borders,
    check_horizon,
    finish_zone_ns,
    plan_from_shares,
    slice_at,
)
from steersman.domain.limits import ExecutionConfig
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.errors import UsageError
from tests.algos.stage import BTC, MID, T0, context, order, progress
from tests.engine.desk import limits

PRICE = Price(MID)


@given(
    lots=st.integers(10, 10_000_000),
    raw=st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=60),
)
def test_a_plan_is_whole_whatever_the_shares(lots: int, raw: list[float]) -> None:
    parent = order(qty=Qty(lots * BTC.lot))
    shares = sorted(raw)
    times = tuple(T0 + k for k in range(len(shares) + 1))
    plan = plan_from_shares(parent, times, shares, context(), PRICE)
    least = max(BTC.tradable_min(PRICE), ExecutionConfig().min_order_size)
    assert plan.done[-1] == parent.qty
    steps = [b - a for a, b in zip((Decimal(0), *plan.done), plan.done, strict=False)]
    assert all(step == 0 or step >= least for step in steps)
    assert all(done % BTC.lot == 0 for done in plan.done)


def test_borders_are_equal_slices_from_start_to_deadline() -> None:
    parent = order(deadline_ns=T0 + 100 * SECOND_NS)
    times = borders(parent, T0, ExecutionConfig())
    assert (times[0], times[-1], len(times)) == (T0, parent.deadline_ns, 4)
    assert all(b - a >= 30 * SECOND_NS for a, b in pairwise(times))


def test_a_horizon_shorter_than_a_slice_is_refused() -> None:
    check_horizon(order(deadline_ns=T0 + 30 * SECOND_NS), ExecutionConfig())
    with pytest.raises(UsageError, match="shorter than one slice"):
        check_horizon(order(deadline_ns=T0 + 30 * SECOND_NS - 1), ExecutionConfig())


def test_the_slice_of_a_time() -> None:
    parent = order(deadline_ns=T0 + 90 * SECOND_NS)
    plan = plan_from_shares(
        parent, borders(parent, T0, ExecutionConfig()), [0.3, 0.6, 1.0], context(), PRICE
    )
    assert [slice_at(plan, T0 + s * SECOND_NS) for s in (-5, 0, 29, 30, 89, 90, 500)] == [
        0, 0, 0, 1, 2, 2, 2,
    ]  # fmt: skip
    assert plan.at(T0 - 1) == 0
    assert plan.at(T0) == 3


def test_the_finish_zone_holds_the_children_that_are_left() -> None:
    parent = order()
    small = finish_zone_ns(progress(parent, filled="9.9"), PRICE, context())
    large = finish_zone_ns(progress(parent), PRICE, context())
    # 10 BTC in children of at most 1.666: seven of them, and one interval more.
    assert large == 8 * 5 * SECOND_NS + 3 * SECOND_NS
    assert small == 2 * 5 * SECOND_NS + 3 * SECOND_NS
    assert limits(max_orders_per_minute=6).order_pace_ns == 10 * SECOND_NS
