"""The one order that should be working: passive while there is time, then crossing, never dust."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos.base import largest_child
from steersman.algos.tactic import Desired, Working, desire
from steersman.domain.limits import ExecutionConfig
from steersman.domain.order import ParentOrder, Style, TimeInForce
from steersman.domain.units import SECOND_NS, Price, Qty, Side
from tests.algos.stage import BTC, MID, T0, context, order, progress, target
from tests.engine.desk import changed, limits, view

BID, ASK = MID - Decimal("0.1"), MID + Decimal("0.1")


def want(
    parent: ParentOrder | None = None,
    done: str = "0.5",
    after_s: float = 0,
    working: Working | None = None,
    filled: str = "0",
    ctx: Any = None,
    market: dict[str, Any] | None = None,
    **changes: Any,
) -> tuple[Desired | None, int]:
    parent = parent or order()
    now = progress(parent, after_s, filled=filled)
    seen = view(now.at_ns, **(market or {}))
    return desire(parent, target(parent, done, **changes), now, seen, working, ctx or context())


def wanted(**changes: Any) -> Desired:
    desired, _ = want(**changes)
    assert desired is not None
    return desired


def resting(price: Decimal, leaves: str = "0.5") -> Working:
    return Working(Price(price), Qty(Decimal(leaves)), TimeInForce.POST_ONLY)


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, BID), (Side.SELL, ASK)])
def test_it_rests_at_the_touch_while_there_is_patience(side: Side, price: Decimal) -> None:
    desired, next_ns = want(parent=order(side=side))
    assert desired is not None
    assert (desired.qty, desired.price, desired.tif) == (
        Decimal("0.5"), price, TimeInForce.POST_ONLY,
    )  # fmt: skip
    assert next_ns == T0 + 15 * SECOND_NS, "urgency 0.5: half of a slice of 30 s"


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "60030.1"), (Side.SELL, "59970.0")])
def test_it_crosses_what_is_left_when_patience_is_over(side: Side, price: str) -> None:
    desired = wanted(parent=order(side=side), after_s=15)
    assert (desired.price, desired.tif, desired.style) == (
        Decimal(price), TimeInForce.IOC, Style.CROSS,
    )  # fmt: skip
    assert "patience is over" in desired.reason


@pytest.mark.parametrize(("urgency", "ends_s"), [("1", 0), ("0.2", 24), ("0", 25)])
def test_patience_follows_urgency_but_leaves_time_to_cross(urgency: str, ends_s: int) -> None:
    parent = order(urgency=Decimal(urgency))
    assert wanted(parent=parent, after_s=ends_s).tif is TimeInForce.IOC
    if ends_s:
        assert wanted(parent=parent, after_s=ends_s - 0.1).tif is TimeInForce.POST_ONLY


def test_many_children_start_to_cross_earlier() -> None:
    # 5 BTC are four children of at most 1.666: 20 s before the slice's end.
    assert wanted(done="5", after_s=10).tif is TimeInForce.IOC
    assert wanted(done="5", after_s=9).tif is TimeInForce.POST_ONLY


def test_it_re_pegs_only_when_the_touch_moved_away() -> None:
    assert wanted(working=resting(BID)).price == BID
    away = wanted(working=resting(BID - 5))
    assert away.price == BID and "re-peg" in away.reason
    assert wanted(working=resting(BID + Decimal("0.1"))).price == BID + Decimal("0.1")


def test_nothing_to_do_is_nothing_working() -> None:
    assert want(done="0.5", filled="0.5", working=resting(BID))[0] is None
    assert want(done="0.5", filled="0.7")[0] is None
    assert want(market={"best_bid": None})[0] is None


def test_a_gap_below_the_smallest_child_waits() -> None:
    assert want(done="0.505", filled="0.5")[0] is None
    kept = wanted(done="0.505", filled="0.5", working=resting(BID, "0.5"))
    assert kept.qty == Decimal("0.5"), "what rests is left alone"


def test_styles() -> None:
    assert wanted(style=Style.CROSS).tif is TimeInForce.IOC
    assert wanted(style=Style.PASSIVE, after_s=29).tif is TimeInForce.POST_ONLY
    assert wanted(style=Style.PASSIVE, after_s=29, finishing=True).tif is TimeInForce.IOC
    wide = {"best_bid": Price(MID - 5), "best_ask": Price(MID + 5)}
    mid = wanted(style=Style.MID, market=wide)
    assert (mid.price, mid.style, mid.tif) == (MID, Style.MID, TimeInForce.POST_ONLY)
    assert wanted(style=Style.MID, market={"best_ask": Price(MID)}).price == BID


def test_a_wide_spread_is_not_crossed_before_the_deadline_presses() -> None:
    wide = {"best_bid": Price(MID - 40), "best_ask": Price(MID + 40)}
    assert wanted(after_s=20, market=wide).tif is TimeInForce.POST_ONLY
    assert wanted(after_s=20, market=wide, finishing=True).tif is TimeInForce.IOC


def test_limits_on_price() -> None:
    below = order(limit_price=Price(MID - 10))
    assert wanted(parent=below).price == MID - 10
    assert wanted(parent=below, after_s=20).tif is TimeInForce.POST_ONLY, "nothing to take there"
    above = order(limit_price=Price(ASK + 1))
    assert wanted(parent=above, after_s=20).price == ASK + 1
    tight = context(safety=limits(max_price_deviation_bps=Decimal(1)))
    assert wanted(after_s=20, ctx=tight).price == MID + 6
    chased = wanted(parent=below, working=resting(MID - 9))
    assert chased.price == MID - 10, "an order beyond the limit comes back"


def test_a_child_too_small_to_come_back_is_left_in_the_queue() -> None:
    instrument = changed(BTC, min_notional=Decimal(600))  # 0.01 BTC
    ctx = context(instrument, ExecutionConfig(min_order_size=Decimal("0.001")))
    kept = wanted(
        done="0.5",
        filled="0.495",
        after_s=20,
        working=resting(BID, "0.005"),
        ctx=ctx,
        parent=order(qty=Qty(Decimal("0.5"))),
    )
    assert (kept.tif, kept.qty) == (TimeInForce.POST_ONLY, Decimal("0.005"))


@given(
    filled_lots=st.integers(0, 9_999),
    done_lots=st.integers(1, 10_000),
    side=st.sampled_from(Side),
    after_s=st.integers(0, 29),
    min_notional=st.integers(1, 3_000),
    finishing=st.booleans(),
)
def test_sizes_and_prices_are_always_allowed_and_leave_no_dust(
    filled_lots: int, done_lots: int, side: Side, after_s: int, min_notional: int, finishing: bool
) -> None:
    instrument = changed(BTC, min_notional=Decimal(min_notional))
    ctx = context(instrument, ExecutionConfig(min_order_size=Decimal("0.001")))
    parent = order(side=side, limit_price=None)
    filled = filled_lots * BTC.lot
    desired, _ = want(
        parent=parent,
        done=str(done_lots * BTC.lot),
        after_s=after_s,
        filled=str(filled),
        ctx=ctx,
        finishing=finishing,
    )
    if desired is None:
        return
    least = instrument.tradable_min(desired.price)
    rest = parent.qty - filled - desired.qty
    assert rest == 0 or rest >= min(least, parent.qty - filled)
    assert least <= desired.qty or desired.qty == parent.qty - filled
    assert desired.qty <= largest_child(desired.price, ctx)
    assert desired.qty * desired.price <= ctx.limits.max_order_size
    assert desired.price % instrument.tick == 0
    assert abs(desired.price - MID) / MID * 10_000 <= ctx.limits.max_price_deviation_bps
