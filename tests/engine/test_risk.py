"""Every limit refuses what exceeds it, lets pass what just reaches it, and fails closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import (
    Amend,
    Approved,
    Cancel,
    Command,
    Intervened,
    ParentState,
    Place,
    Refused,
    Unanswered,
    Viewed,
)
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import HOUR_NS, SECOND_NS, Price, Qty, Side
from steersman.engine import risk
from tests.engine.desk import BTC, MID, T0, Desk, changed, limits, order, view


def place(**changes: Any) -> Place:
    values: dict[str, Any] = {
        "child_id": "P1-99",
        "parent_id": "P1",
        "instrument": BTC.id,
        "side": Side.BUY,
        "qty": Qty(Decimal("0.5")),
        "price": Price(MID),
        "tif": TimeInForce.IOC,
        "style": Style.CROSS,
        "reason": "a test",
        **changes,
    }
    return Place(**values)


def running(desk: Desk | None = None, **changes: Any) -> Desk:
    """A desk whose order runs and has nothing working, so that only the intent is judged."""
    desk = desk or Desk()
    desk.submit(**changes)
    parent = desk.parent()
    child = desk.state.children.get(parent.live_child or "")
    if child is not None:
        desk.state = changed(desk.state, children={}, order_times_ns=())
        parent = changed(parent, unfilled=parent.order.qty, live_child=None, last_order_ns=None)
        desk.state = desk.state.with_parent(parent)
    return desk


def rule(desk: Desk, intent: Any) -> str | None:
    verdict = risk.approve(desk.state, intent)
    if isinstance(verdict, Refused):
        assert verdict.detail
        return verdict.rule
    assert verdict == Approved(intent)
    return None


def with_view(desk: Desk, **changes: Any) -> Desk:
    desk.state = changed(desk.state, views={BTC.id: view(desk.state.now_ns, **changes)})
    return desk


def test_a_fair_intent_passes() -> None:
    assert rule(running(), place()) is None


@pytest.mark.parametrize(("qty", "expected"), [("1.666", None), ("1.667", "max_order_size")])
def test_max_order_size_is_the_quote_value_of_one_child(qty: str, expected: str | None) -> None:
    desk = running(Desk(limits(max_participation=Decimal("0.9"))))
    assert rule(desk, place(qty=Qty(Decimal(qty)))) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("60600.0", None),
        ("60600.1", "max_price_deviation_bps"),
        ("59400.0", None),
        ("59399.9", "max_price_deviation_bps"),
    ],
)
def test_the_price_collar_holds_on_both_sides(price: str, expected: str | None) -> None:
    assert rule(running(), place(price=Price(Decimal(price)))) == expected


def test_the_orders_own_limit_price_holds() -> None:
    desk = running(limit_price=Price(Decimal(60_000)))
    assert rule(desk, place(price=Price(Decimal("60000.0")))) is None
    assert rule(desk, place(price=Price(Decimal("60000.1")))) == "max_price_deviation_bps"
    sell = running(side=Side.SELL, limit_price=Price(Decimal(60_000)))
    assert rule(sell, place(side=Side.SELL, price=Price(Decimal("59999.9")))) is not None


@pytest.mark.parametrize(("half", "expected"), [("60.0", None), ("60.1", "max_spread_bps")])
def test_max_spread(half: str, expected: str | None) -> None:
    desk = with_view(
        running(), best_bid=Price(MID - Decimal(half)), best_ask=Price(MID + Decimal(half))
    )
    assert rule(desk, place()) == expected


@pytest.mark.parametrize(
    ("volatility", "expected"), [(5.0, None), (5.01, "max_volatility_hour_pct")]
)
def test_max_volatility_stops_trading(volatility: float, expected: str | None) -> None:
    assert rule(with_view(running(), volatility_hour_pct=volatility), place()) == expected


@pytest.mark.parametrize(
    "broken",
    [
        {"best_bid": None},
        {"best_ask": None},
        {"best_bid": Price(Decimal(60_001)), "best_ask": Price(Decimal(60_000))},
        {"best_bid": Price(Decimal(60_000)), "best_ask": Price(Decimal(60_000))},
        {"best_bid": Price(Decimal(-1))},
        {"invalid": "a gap in the feed"},
        {"volatility_hour_pct": float("nan")},
        {"volume_rate_per_s": float("inf")},
        {"feed_age_ns": 2 * SECOND_NS + 1},
    ],
)
def test_missing_stale_or_crossed_prices_fail_closed(broken: dict[str, Any]) -> None:
    assert rule(with_view(running(), **broken), place()) == "prices"


def test_prices_age_while_nothing_arrives() -> None:
    desk = running()
    desk.state = changed(desk.state, now_ns=desk.state.now_ns + 3 * SECOND_NS)
    assert rule(desk, place()) == "prices"
    desk.state = changed(desk.state, views={})
    assert rule(desk, place()) == "prices"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price": Price(Decimal("60000.05"))}, "instrument"),
        ({"price": Price(Decimal("NaN"))}, "instrument"),
        ({"price": Price(Decimal("Infinity"))}, "instrument"),
        ({"price": Price(Decimal(0))}, "instrument"),
        ({"qty": Qty(Decimal("0.0005"))}, "instrument"),
        ({"qty": Qty(Decimal("-1"))}, "instrument"),
        ({"qty": Qty(Decimal("NaN"))}, "instrument"),
        ({"side": Side.SELL}, "state"),
        ({"parent_id": "P9"}, "parent"),
    ],
)
def test_what_is_not_an_order_of_this_parent_and_instrument(
    changes: dict[str, Any], expected: str
) -> None:
    assert rule(running(), place(**changes)) == expected


def test_a_child_below_the_venues_minimum_notional() -> None:
    instrument = changed(BTC, min_notional=Decimal(100))
    desk = running()
    desk.state = changed(desk.state, instruments={BTC.id: instrument})
    assert rule(desk, place(qty=Qty(Decimal("0.001")))) == "instrument"
    assert rule(desk, place(qty=Qty(Decimal("0.002")))) is None


def test_no_child_beyond_the_parents_quantity() -> None:
    desk = running(Desk(limits(max_order_size=Decimal(10**9), max_participation=Decimal("0.99"))))
    assert rule(desk, place(qty=Qty(Decimal("10.000")))) is None
    assert rule(desk, place(qty=Qty(Decimal("10.001")))) == "quantity"


def test_the_minimum_interval_between_orders() -> None:
    desk = running()
    now = desk.state.now_ns
    for ago_ns, expected in ((5 * SECOND_NS, None), (5 * SECOND_NS - 1, "pace")):
        parent = changed(desk.parent(), last_order_ns=now - ago_ns)
        desk.state = desk.state.with_parent(parent)
        assert rule(desk, place()) == expected


def test_orders_per_minute_aggregate_over_parents() -> None:
    desk = running()
    now = desk.state.now_ns
    for count, expected in ((19, None), (20, "pace")):
        desk.state = changed(desk.state, order_times_ns=tuple(now - n for n in range(count, 0, -1)))
        assert rule(desk, place()) == expected
    old = now - 60 * SECOND_NS
    desk.state = changed(desk.state, order_times_ns=(old,) * 20)
    assert rule(desk, place()) is None


def test_children_per_parent() -> None:
    desk = running(Desk(limits(max_children_per_parent=500)))
    for sent, expected in ((499, None), (500, "pace")):
        desk.state = desk.state.with_parent(changed(desk.parent(), children=sent))
        assert rule(desk, place()) == expected


def test_participation_counts_everything_committed_against_volume_with_a_floor() -> None:
    desk = running()
    parent = desk.parent()
    # Others are expected to trade 120 in the first minute: the floor while little has traded.
    assert parent.volume_floor == Decimal(120)
    for qty, expected in (("13.333", None), ("13.334", "max_participation")):
        desk.state = changed(desk.state, limits=limits(max_order_size=Decimal(10**9)))
        big = changed(
            parent, order=changed(parent.order, qty=Qty(Decimal(100))), unfilled=Qty(Decimal(100))
        )
        desk.state = desk.state.with_parent(big)
        assert rule(desk, place(qty=Qty(Decimal(qty)))) == expected


def test_unknown_orders_count_in_full_against_participation_and_position() -> None:
    desk = Desk(limits(max_position=Decimal(10)))
    desk.submit()
    child = desk.placed()[0]
    desk.report(Unanswered(child.child_id, desk.now_ns))
    exposure = risk.headroom(desk.state, desk.parent())
    assert exposure <= Decimal(10) - child.qty


def test_position_limit_counts_position_and_open_orders_of_all_parents() -> None:
    desk = running(Desk(limits(max_position=Decimal(12))))
    for held, expected in (("11.5", None), ("11.501", "max_position")):
        desk.state = changed(desk.state, positions={BTC.id: Qty(Decimal(held))})
        assert rule(desk, place()) == expected
    short = changed(desk.state, positions={BTC.id: Qty(Decimal(-50))})
    desk.state = short
    assert rule(desk, place()) is None, "buying back a short position is not limited by it"


def test_an_amendment_counts_the_larger_of_old_and_new_and_is_paced() -> None:
    desk = Desk()
    desk.submit()
    child_id = desk.placed()[0].child_id
    desk.accept(child_id)
    child = desk.state.children[child_id]
    amend = Amend(child_id, "P1", BTC.id, Side.BUY, child.qty, Price(MID - 1), "re-peg")
    assert rule(desk, amend) == "pace", "an amendment is an order for the rate limits"
    desk.see(after_s=6)
    assert rule(desk, amend) is None
    smaller = changed(amend, qty=Qty(Decimal("0.001")))
    desk.state = changed(desk.state, limits=limits(max_order_size=Decimal(1_000)))
    assert rule(desk, smaller) == "max_order_size", "the old quantity still counts"


def test_cancels_always_pass() -> None:
    desk = Desk()
    desk.submit()
    child_id = desk.placed()[0].child_id
    desk.accept(child_id)
    desk.state = changed(desk.state, killed="now", views={}, order_times_ns=(desk.now_ns,) * 50)
    assert rule(desk, Cancel(child_id, "P1", BTC.id, "kill")) is None


def test_no_order_that_would_trade_with_our_own() -> None:
    desk = Desk(limits(max_position=Decimal(1000)))
    desk.submit()
    bid = desk.placed()[0].price
    desk.accept("P1-1")
    desk.feed(Viewed(desk.now_ns, view(desk.now_ns)))
    sell = order(id="P2", side=Side.SELL)
    from steersman.domain.messages import Submit

    desk.feed(Submit(desk.now_ns, sell))
    assert desk.parent("P2").state is ParentState.RUNNING
    crossing = place(parent_id="P2", side=Side.SELL, price=bid)
    desk.state = desk.state.with_parent(changed(desk.parent("P2"), last_order_ns=None))
    assert rule(desk, crossing) in ("self_trade", "quantity")


def test_a_killed_desk_lets_nothing_out_until_re_armed() -> None:
    desk = running()
    desk.feed(Intervened(desk.now_ns, Command.KILL, None, "a drill"))
    assert rule(desk, place()) == "state"
    desk.see(after_s=1)
    assert desk.parent().state is ParentState.HALTED
    refused = desk.submit(id="P2")
    assert any(isinstance(effect, Refused) for effect in refused)
    desk.feed(Intervened(desk.now_ns, Command.REARM, None, "drill over"))
    desk.submit(id="P3")
    assert desk.parent("P3").state is ParentState.RUNNING


# -- admission of parents -------------------------------------------------------------------------
def refusal(desk: Desk, **changes: Any) -> Refused | None:
    effects = desk.submit(**changes)
    return next((effect for effect in effects if isinstance(effect, Refused)), None)


def test_ten_thousand_bitcoin_in_four_hours_is_refused_with_the_arithmetic() -> None:
    desk = Desk(limits(max_position=Decimal(100_000)))
    refused = refusal(desk, qty=Qty(Decimal(10_000)), deadline_ns=T0 + 4 * HOUR_NS)
    assert refused is not None and refused.rule == "max_order_size"
    assert "at most 2881 children of 1.666" in refused.detail
    assert "4799.746" in refused.detail
    assert "raise max_order_size" in refused.detail
    assert desk.parent().state is ParentState.REFUSED
    assert desk.parent().unfilled == 10_000


def test_five_hundred_bitcoin_in_four_hours_is_taken() -> None:
    desk = Desk(limits(max_position=Decimal(500)))
    assert refusal(desk, qty=Qty(Decimal(500)), deadline_ns=T0 + 4 * HOUR_NS) is None
    assert desk.parent().state is ParentState.RUNNING


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({"qty": Qty(Decimal("1.0005"))}, "order", "not a multiple of the lot"),
        ({"qty": Qty(Decimal("0.005"))}, "order", "below the smallest order"),
        ({"limit_price": Price(Decimal("60000.05"))}, "order", "not a multiple of the tick"),
        ({"deadline_ns": T0 + 5 * SECOND_NS}, "order", "slice"),
        ({"instrument": "sim:NOPE.spot"}, "order", "not configured"),
        ({"qty": Qty(Decimal(200))}, "max_participation", "others are expected to trade"),
        ({"qty": Qty(Decimal(60))}, "max_position", "max_position is 50"),
    ],
)
def test_a_parent_that_cannot_be_completed_is_refused(
    changes: dict[str, Any], expected: str, words: str
) -> None:
    desk = Desk(limits(max_position=Decimal(50)))
    refused = refusal(desk, **changes)
    assert refused is not None
    assert (refused.rule, refused.intent) == (expected, None)
    assert words in refused.detail


def test_a_parent_without_prices_or_with_a_taken_id_is_refused() -> None:
    desk = Desk()
    desk.submit()
    again = refusal(desk)
    assert again is not None and "taken" in again.detail
    assert desk.parent().state is ParentState.RUNNING, "the first order is not disturbed"
    from steersman.domain.messages import Submit

    blind = Desk()
    effects = blind.feed(Submit(T0, order()))
    assert any(isinstance(e, Refused) and e.rule == "prices" for e in effects)


def test_pending_parents_count_against_the_position_limit() -> None:
    desk = Desk(limits(max_position=Decimal(15)))
    desk.submit()
    refused = refusal(desk, id="P2")
    assert refused is not None and refused.rule == "max_position"


def test_too_many_parents() -> None:
    desk = Desk(limits(max_open_parents=1))
    desk.submit(qty=Qty(Decimal(1)))
    refused = refusal(desk, id="P2", qty=Qty(Decimal(1)))
    assert refused is not None and refused.rule == "max_open_parents"


def test_min_order_size_of_the_execution_settings_is_a_floor_for_parents() -> None:
    desk = Desk(execution=ExecutionConfig(min_order_size=Decimal(20)))
    refused = refusal(desk)
    assert refused is not None and "20" in refused.detail
