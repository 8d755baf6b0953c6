"""What can keep an order from completing: dust, remnants, falling prices, flapping targets."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos.adaptive import Steering, envelope, steer
from steersman.algos.base import (
    AlgoContext,
    finish_zone_ns,
    largest_child,
    least_rest,
    whole_children,
)
from steersman.algos.decide import decide, plan_all
from steersman.algos.pov import done_by_volume
from steersman.algos.tactic import Desired, Working, desire
from steersman.domain.advice import Action, Advice
from steersman.domain.limits import ExecutionConfig
from steersman.domain.order import AlgoName, ParentOrder, Style, TimeInForce
from steersman.domain.units import SECOND_NS, Price, Qty, Side
from tests.algos.stage import BTC, MID, T0, context, order, progress, target
from tests.engine.desk import changed, limits, view

BID, ASK = MID - Decimal("0.1"), MID + Decimal("0.1")
SMALL = ExecutionConfig(min_order_size=Decimal("0.001"))


def costly(min_notional: int) -> AlgoContext:
    """A venue whose minimum is an amount of money."""
    return context(changed(BTC, min_notional=Decimal(min_notional)), SMALL)


def want(
    parent: ParentOrder,
    done: str,
    filled: str,
    working: Working | None,
    ctx: AlgoContext,
    after_s: float = 0,
    finishing: bool = False,
    style: Style | None = None,
    mid: Decimal = MID,
    half_spread: str = "0.1",
    touch_qty: str = "5",
) -> Desired | None:
    now = progress(parent, after_s, filled=filled)
    bid, ask = Price(mid - Decimal(half_spread)), Price(mid + Decimal(half_spread))
    size = Qty(Decimal(touch_qty))
    seen = view(now.at_ns, mid, best_bid=bid, best_ask=ask, bid_qty=size, ask_qty=size)
    aim = target(parent, done, finishing=finishing, style=style)
    return desire(parent, aim, now, seen, working, ctx)[0]


def test_a_small_remnant_in_the_queue_does_not_keep_the_rest_from_crossing() -> None:
    remnant = Working(Price(BID), Qty(Decimal("0.004")), TimeInForce.POST_ONLY)
    desired = want(order(), "10", "5", remnant, costly(600), after_s=20, finishing=True)
    assert desired is not None and desired.tif is TimeInForce.IOC
    # Only where nothing could be sent in its place is it left in the queue.
    alone = want(order(), "10", "9.996", remnant, costly(600), after_s=20, finishing=True)
    assert alone == Desired(
        remnant.leaves, remnant.price, remnant.tif, Style.PASSIVE, "rest at the touch; a test"
    )


def test_a_child_never_exceeds_the_target_to_avoid_dust() -> None:
    parent = order(qty=Qty(Decimal("0.2")))
    # 0.15 are wanted, 0.1 are done; all of the 0.1 left would be 0.05 too much.
    desired = want(parent, "0.15", "0.1", None, costly(3_100))
    assert desired is None, "0.05 now would leave less than can be sent later: wait"
    whole = want(parent, "0.2", "0.1", None, costly(3_100))
    assert whole is not None and whole.qty == Decimal("0.1")


def test_what_is_left_stays_tradable_when_the_price_falls() -> None:
    ctx = costly(600)  # 0.010 BTC at 60,000, 0.011 at 59,000
    assert least_rest(Price(MID), ctx) == Decimal("0.011")
    desired = want(order(), "9.99", "9", None, ctx)
    assert desired is not None and 10 - 9 - desired.qty >= Decimal("0.011")
    plan = plan_all(order(qty=Qty(Decimal("0.1"))), view(T0), ctx)[AlgoName.TWAP]
    steps = {after - before for before, after in pairwise((Decimal(0), *plan.done))} - {Decimal(0)}
    assert min(steps) >= Decimal("0.011")


def test_where_no_cut_helps_the_largest_child_is_sent() -> None:
    ctx = context(
        changed(BTC, min_notional=Decimal(600)), SMALL, limits(max_order_size=Decimal(1_000))
    )
    parent = order(qty=Qty(Decimal("0.018")))  # 1,080: no two children of at least 600
    desired = want(parent, "0.018", "0", None, ctx)
    assert desired is not None and desired.qty == Decimal("0.016")


def test_a_resting_child_can_follow_the_market_within_the_largest_size() -> None:
    desired = want(order(), "2", "0", None, context())
    assert desired is not None and desired.tif is TimeInForce.POST_ONLY
    moved = desired.price * (1 + context().limits.max_price_deviation_bps / 10_000)
    assert desired.qty <= largest_child(Price(moved), context())


@pytest.mark.parametrize("side", Side)
def test_an_order_at_the_middle_does_not_chase_itself(side: Side) -> None:
    parent, sign = order(side=side), side.sign
    first = want(parent, "0.5", "0", None, context(), style=Style.MID, half_spread="5")
    assert first is not None and first.price == MID
    resting = Working(first.price, first.qty, first.tif)

    def again(mid: Decimal, half_spread: str, touch_qty: str) -> Decimal:
        desired = want(
            parent, "0.5", "0", resting, context(), style=Style.MID,
            mid=mid, half_spread=half_spread, touch_qty=touch_qty,
        )  # fmt: skip
        assert desired is not None
        return desired.price

    # Now our order is the touch, and the middle lies between it and the other side.
    mid = MID + sign * Decimal("2.5")
    assert again(mid, "2.5", "0.5") == first.price
    assert again(mid, "2.5", "0.6") == mid, "others are there too: it is the market's touch"
    assert again(MID, "5", "3") == first.price, "a feed without our own order"
    assert again(MID + sign * 3, "2", "3") == MID + sign * 3, "another is better"


def test_what_is_in_doubt_is_part_of_the_finish_zone_and_spares_grow() -> None:
    parent = order(qty=Qty(Decimal(100)))
    sure = progress(parent)
    doubtful = changed(sure, unknown=Qty(Decimal(40)), unfilled=Qty(Decimal(60)))
    price = Price(MID)
    zone = finish_zone_ns(sure, price, context())
    assert finish_zone_ns(doubtful, price, context()) == zone
    # 61 children, one interval more, and one for each eight: 69 x 5 s + 3 s.
    assert zone == (61 + 1 + 7) * 5 * SECOND_NS + 3 * SECOND_NS


def test_limits_at_their_edges() -> None:
    assert whole_children(Decimal(5), Decimal(0)) == 1, "no child is allowed: it is refused later"
    everything = ExecutionConfig(max_participation=Decimal(1))
    alone = progress(order(), expected_volume=Qty(Decimal(0)))
    ctx = context(BTC, everything, limits(max_participation=Decimal(1)))
    assert done_by_volume(order(), alone, ctx) == order().qty


def test_a_target_never_falls_when_the_finish_zone_shrinks() -> None:
    parent = order()
    plans = plan_all(parent, view(T0), context())
    inside = progress(parent, 557)
    first, _ = decide(parent, plans, inside, view(inside.at_ns), context(), Steering())
    assert first.finishing and first.done == parent.qty
    # A child was filled at once: there is time again, but what rests is not withdrawn.
    later = progress(parent, 558, filled="5", scheduled=first.done)
    second, _ = decide(parent, plans, later, view(later.at_ns), context(), Steering())
    assert not second.finishing and second.done == parent.qty


def test_an_unusable_book_does_not_size_the_finish_zone() -> None:
    parent = order()
    plans = plan_all(parent, view(T0), context())
    now = progress(parent, 300)
    wild = view(now.at_ns, MID * 50, invalid="sequence gap")
    aim, _ = decide(parent, plans, now, wild, context(), Steering())
    assert not aim.finishing


CLASSIC = [name for name in AlgoName if name is not AlgoName.ADAPTIVE]
ADVICE = st.builds(
    Advice,
    action=st.sampled_from(Action),
    base=st.sampled_from([None, *CLASSIC]),
    pace_pct=st.one_of(st.none(), st.integers(0, 200)),
)


@given(
    base=st.sampled_from(CLASSIC),
    lots=st.integers(20, 20_000),
    text_always=st.booleans(),
    advices=st.lists(
        st.tuples(ADVICE, st.booleans(), st.integers(1, 300), st.integers(1, 40)), max_size=30
    ),
)
def test_targets_never_fall_and_stay_in_the_envelope_until_the_finish_zone(
    base: AlgoName, lots: int, text_always: bool, advices: list[tuple[Advice, bool, int, int]]
) -> None:
    parent = order(
        algo=AlgoName.ADAPTIVE,
        base=base,
        qty=Qty(lots * BTC.lot),
        deadline_ns=T0 + 1200 * SECOND_NS,
    )
    plans = plan_all(parent, view(T0), context())
    share = context().execution.envelope / (2 if text_always else 1)
    steering, done, at_s = Steering(), Qty(Decimal(0)), 0
    steps = [*advices, *[(Advice(), True, 1, 30)] * 45]
    for advice, text_only, ttl_s, wait_s in steps:
        if at_s >= 1200:
            break
        now = progress(
            parent, at_s, filled=done, scheduled=done, others_volume=Qty(Decimal(at_s * 2))
        )
        text = text_only or text_always
        steering = steer(steering, advice, now.at_ns + ttl_s * SECOND_NS, text)
        aim, steering = decide(parent, plans, now, view(now.at_ns), context(), steering)
        assert done <= aim.done <= parent.qty and aim.done % BTC.lot == 0
        if aim.finishing or at_s >= 1170:
            assert aim.done == parent.qty
        else:
            low, high = envelope(parent, plans[base], now.at_ns, share)
            assert low <= aim.done <= high
        done, at_s = aim.done, at_s + wait_s
    assert done == parent.qty or at_s < 1170
