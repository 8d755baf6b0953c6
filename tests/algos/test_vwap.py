"""VWAP: in proportion to the volume curve, and to the volume as it comes."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos import vwap
from steersman.algos.base import Plan
from steersman.domain.limits import ExecutionConfig
from steersman.domain.order import ParentOrder
from steersman.domain.units import HOUR_NS, SECOND_NS, Price, Qty
from steersman.models.volume import FadingVolume
from tests.algos.stage import BTC, MID, SHARES, T0, context, order

PRICE = Price(MID)


def test_volume_weights() -> None:
    # The second half hour trades three times as much as the first.
    start = (T0 // (24 * HOUR_NS)) * 24 * HOUR_NS
    parent = order(qty=Qty(Decimal(4_000)), start_ns=start, deadline_ns=start + HOUR_NS)
    curve = (0.5, 1.5, *(1.0,) * 46)
    plan = vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=curve)
    )
    assert plan.done == (Decimal(1_000), Decimal(4_000))
    flat = vwap.plan(parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800)))
    assert flat.done == (Decimal(2_000), Decimal(4_000))
    closed = (0.0,) * 48
    assert vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=closed)
    ).done == (Decimal(2_000), Decimal(4_000))


SLICE_NS = 30 * SECOND_NS


def planned(parent: ParentOrder) -> Plan:
    return vwap.plan(parent, T0, PRICE, context())


def steady(at_ns: int, level: float = 2.0) -> FadingVolume:
    return FadingVolume(at_ns, level, level, ())


def anew(
    before: Plan, k: int, so_far: float, level: float, parent: ParentOrder, scheduled: str = "0"
) -> tuple[Plan, bool]:
    """Plan anew at the end of slice k; tell whether that was called for."""
    at_ns = T0 + (k + 1) * SLICE_NS - SECOND_NS
    volume, done, came = steady(at_ns, level), Qty(Decimal(scheduled)), Qty(Decimal(repr(so_far)))
    strays = vwap.strays(parent, before, done, came, at_ns, volume)
    after = vwap.replan(parent, before, done, came, at_ns, PRICE, context(), volume)
    return after, strays


def test_where_what_was_expected_comes_the_plan_stays() -> None:
    before = planned(order())
    for k in range(20):
        after, strays = anew(before, k, 2.0 * (30 * (k + 1) - 1), 2.0, order())
        assert not strays and after == before


def test_the_share_done_is_that_of_the_markets_volume() -> None:
    before = planned(order())
    # After 150 s of 600 the market has traded 900 where 300 were expected; 900 are to come.
    after, strays = anew(before, 4, 900 - 2, 2.0, order())
    assert strays
    assert after.done[:5] == before.done[:5], "the current slice keeps its target"
    shares = [Decimal(900 + 60 * slices) / 1800 for slices in range(1, 16)]
    assert after.done[5:] == tuple(BTC.nearest_qty(10 * share) for share in shares)


def test_ahead_of_a_quiet_market_it_waits_and_takes_nothing_back() -> None:
    before = planned(order())
    after, strays = anew(before, 9, 100.0, 2.0, order())
    # Half is done, of the market's volume 102 of 702: it is half-way 125 seconds later.
    assert strays and after.done[9] == 5
    assert after.done[9:14] == (Decimal(5),) * 5
    assert after.done[16] > 5 and after.done[-1] == 10
    again, strays = anew(after, 10, 160.0, 2.0, order())
    assert not strays, "waiting is what the plan says"
    assert again.done[:11] == after.done[:11]
    # A market that never traded yet is half-way through the rest where three quarters are done.
    waiting, strays = anew(before, 14, 0.0, 2.0, order())
    assert strays and waiting.done[14:18] == (Decimal("7.5"),) * 4
    assert not anew(waiting, 14, 0.0, 2.0, order())[1]


def test_what_is_scheduled_or_over_is_not_planned_again() -> None:
    before = planned(order())
    after, _ = anew(before, 4, 300.0, 2.0, order(), scheduled="9")
    assert min(after.done[4:]) == 9
    for k, scheduled in ((4, "10"), (19, "0")):
        assert anew(before, k, 9_000.0, 2.0, order(), scheduled) == (before, False)
    assert anew(before, 4, 0.0, 0.0, order()) == (before, False), "nobody trades, nor ever did"


@pytest.mark.parametrize(("times", "strays"), [(1.05, False), (1.3, True), (0.95, False)])
def test_a_small_distance_changes_no_plan(times: float, strays: bool) -> None:
    # At mid-horizon: 5 % more volume than expected is a hundredth of the order.
    assert anew(planned(order()), 9, 600.0 * times, 2.0, order())[1] is strays


@given(
    lots=st.integers(20, 20_000),
    changes=st.lists(
        st.tuples(st.integers(0, 19), st.floats(0, 1e6), st.floats(0, 1e3)), max_size=8
    ),
)
def test_no_sequence_of_volumes_sends_anything_back(
    lots: int, changes: list[tuple[int, float, float]]
) -> None:
    parent = order(qty=Qty(lots * BTC.lot))
    plan, scheduled = planned(parent), Decimal(0)
    for k, so_far, level in sorted(changes):
        scheduled = max(scheduled, plan.done[k])
        plan, _ = anew(plan, k, so_far, level, parent, str(scheduled))
        assert plan.done[k] >= scheduled and plan.done[-1] == parent.qty
        assert all(a <= b <= parent.qty and b % BTC.lot == 0 for a, b in pairwise(plan.done))
