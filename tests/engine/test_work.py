"""One parent worked: one child at a time, paced, re-pegged, crossed, ended with a reason."""

from __future__ import annotations

from decimal import Decimal

from steersman.domain.messages import (
    Alert,
    Amend,
    Cancel,
    Cancelled,
    ParentChanged,
    ParentState,
    Place,
    Refused,
    Scheduled,
    Tick,
    Wake,
)
from steersman.domain.order import AlgoName, TimeInForce
from steersman.domain.units import SECOND_NS, Price, Qty
from tests.engine.desk import MID, T0, Desk, limits


def ended(desk: Desk) -> ParentChanged:
    return [effect for effect in desk.effects if isinstance(effect, ParentChanged)][-1]


def test_an_order_starts_when_its_time_comes() -> None:
    desk = Desk()
    effects = desk.submit(start_ns=T0 + 10 * SECOND_NS)
    assert desk.parent().state is ParentState.CREATED
    (wake,) = (effect for effect in effects if isinstance(effect, Wake))
    assert wake.at_ns == T0 + 10 * SECOND_NS
    desk.see(after_s=10, mid=MID + 5)
    assert desk.parent().state is ParentState.RUNNING
    assert desk.parent().arrival_price == MID + 5


def test_the_first_child_rests_at_the_touch_with_the_slices_quantity() -> None:
    desk = Desk()
    effects = desk.submit()
    (child,) = desk.placed()
    assert (child.child_id, child.qty, child.price, child.tif) == (
        "P1-1",
        Decimal("0.5"),
        MID - Decimal("0.1"),
        TimeInForce.POST_ONLY,
    )
    (scheduled,) = (effect for effect in effects if isinstance(effect, Scheduled))
    assert scheduled.done == Decimal("0.5")


def test_nothing_is_sent_while_a_child_is_in_flight() -> None:
    desk = Desk()
    desk.submit()
    desk.see(after_s=20, mid=MID + 10)
    assert len(desk.sent()) == 1


def test_a_re_peg_waits_for_its_interval_and_asks_to_be_woken() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    effects = desk.see(after_s=2, mid=MID + 1)
    assert len(desk.sent()) == 1
    (wake,) = (effect for effect in effects if isinstance(effect, Wake))
    assert wake.at_ns == T0 + 5 * SECOND_NS
    assert wake.touch_bid is None, "no use in waking before it may act"
    effects = desk.see(after_s=4, mid=MID)
    (wake,) = (effect for effect in effects if isinstance(effect, Wake))
    assert (wake.touch_bid, wake.touch_ask) == (Price(MID - Decimal("0.1")), None)
    desk.see(after_s=0.5, mid=MID + 1)
    assert isinstance(desk.sent()[-1], Amend)


def test_crossing_waits_until_the_cancel_is_confirmed() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    desk.see(after_s=15)
    assert isinstance(desk.sent()[-1], Cancel)
    desk.see(after_s=3)
    assert len(desk.sent()) == 2, "a cancel that is not confirmed still owns its quantity"
    desk.report(Cancelled("P1-1", 0, Qty(Decimal(0)), "asked"))
    desk.see(after_s=0.1)
    crossing = desk.sent()[-1]
    assert isinstance(crossing, Place)
    assert (crossing.child_id, crossing.tif) == ("P1-2", TimeInForce.IOC)


def test_an_immediate_order_that_stays_open_is_withdrawn() -> None:
    desk = Desk()
    desk.submit(urgency=Decimal(1))
    assert desk.placed()[0].tif is TimeInForce.IOC
    desk.accept("P1-1")
    desk.see(after_s=1)
    assert len(desk.sent()) == 1
    desk.see(after_s=1.1)
    assert isinstance(desk.sent()[-1], Cancel)


def test_an_order_completes_with_its_last_fill() -> None:
    desk = Desk()
    desk.submit(qty=Qty(Decimal("0.01")), deadline_ns=T0 + 30 * SECOND_NS)
    desk.fill("P1-1", "0.01")
    assert desk.parent().state is ParentState.RUNNING
    desk.see(after_s=0.1)
    assert ended(desk).state is ParentState.COMPLETED
    assert ended(desk).unfilled == 0


def test_at_the_deadline_it_withdraws_then_expires_with_its_quantity() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    desk.see(after_s=600)
    assert isinstance(desk.sent()[-1], Cancel)
    assert desk.parent().state is ParentState.RUNNING
    desk.report(Cancelled("P1-1", 0, Qty(Decimal(0)), "asked"))
    desk.see(after_s=0.1)
    assert ended(desk).state is ParentState.EXPIRED
    assert ended(desk).unfilled == 10
    assert "deadline" in ended(desk).reason
    desk.see(after_s=10)
    assert len(desk.sent()) == 2


def test_a_deadline_passes_even_when_the_feed_is_silent() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    desk.feed(Tick(T0 + 601 * SECOND_NS))
    assert isinstance(desk.sent()[-1], Cancel)


def test_a_refusal_is_told_once_and_names_the_end() -> None:
    desk = Desk(limits(max_volatility_hour_pct=Decimal("0.1")))
    desk.submit()
    for _ in range(20):
        desk.see(after_s=10)
    refusals = [effect for effect in desk.effects if isinstance(effect, Refused)]
    assert [refusal.rule for refusal in refusals] == ["max_volatility_hour_pct"]
    assert not desk.sent()
    desk.see(after_s=500)
    assert "max_volatility_hour_pct" in ended(desk).reason


def test_participation_shrinks_the_child_instead_of_refusing_it() -> None:
    desk = Desk(limits(max_participation=Decimal("0.10")))
    desk.submit(qty=Qty(Decimal(130)), urgency=Decimal(1), algo=AlgoName.IS)
    # Others are expected to trade 120 in the first minute: 13.333 at 10 % of the total.
    placed = Decimal(0)
    for _ in range(12):
        child = desk.placed()[-1]
        if child.qty + placed > Decimal("13.333"):
            break
        desk.fill(child.child_id, str(child.qty), f"x{child.child_id}")
        placed = desk.parent().filled
        desk.see(after_s=5, market_volume=desk.parent().volume_at_start)
    assert placed <= Decimal("13.333")
    assert placed > Decimal("13.3"), "the room is used"
    assert any(isinstance(e, Refused) and e.rule == "max_participation" for e in desk.effects)


def test_a_running_shortfall_warns_once() -> None:
    desk = Desk(limits(max_is_threshold_bps=Decimal(1)))
    desk.submit()
    desk.fill("P1-1", "0.5")
    parent = desk.parent()
    assert not parent.warned
    desk.state = desk.state.with_parent(
        type(parent)(
            **{
                **{name: getattr(parent, name) for name in parent.__struct_fields__},
                "filled_value": parent.filled * MID * Decimal("1.01"),
            }
        )
    )
    desk.see(after_s=1)
    desk.see(after_s=1)
    warned = [e for e in desk.effects if isinstance(e, Alert) and e.code == "shortfall"]
    assert len(warned) == 1
