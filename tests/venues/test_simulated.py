"""The recorded market through its port: latency, amendments, races, branches, tape and wakes."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from steersman.domain.messages import Amended, Cancelled, CancelRejected, Rejected, Resolved, Wake
from steersman.domain.order import Liquidity, TimeInForce
from steersman.domain.specs import find
from steersman.domain.units import Side
from steersman.errors import UsageError, VenueError
from steersman.marketdata.events import CLEAR, DEPTH, GAP, SNAPSHOT, TRADE
from steersman.venues.latency import Delay, Latency
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import (
    BOOK,
    BTC,
    FEED_NS,
    LATENCY_NS,
    QUIET,
    SECOND_NS,
    START_NS,
    Desk,
    Row,
    post,
    recording,
)

BUY, SELL = Side.BUY, Side.SELL


def at(second: float) -> int:
    return START_NS + round(second * SECOND_NS)


# -- time -----------------------------------------------------------------------------------------
def test_a_request_meets_the_book_of_its_arrival_and_is_answered_later() -> None:
    appears = (
        (1.509, DEPTH, -1, 1_000_001, 0),  # before the order arrives at 1.510
        (1.511, DEPTH, -1, 1_000_002, 0),  # after it
    )
    desk = Desk.on((*BOOK, *appears, *QUIET[1:]))
    desk.until(1.5)
    desk.take("a", BUY, "0.004", "100000.2")
    desk.until(3)
    assert [str(f.price) for f in desk.fills] == ["100000.2"]
    assert str(desk.fills[0].qty) == "0.003"
    assert {f.venue_ns for f in desk.fills} == {at(1.5) + LATENCY_NS}
    assert {ns for ns, _ in desk.heard} == {at(1.5) + 2 * LATENCY_NS}


def test_events_at_the_instant_of_arrival_come_first() -> None:
    desk = Desk.on((*BOOK, (1.51, DEPTH, -1, 1_000_001, 0), *QUIET[1:]))
    desk.until(1.5)
    desk.take("a", BUY, "0.004", "100000.1")
    desk.until(3)
    assert desk.fills == []


def test_a_fill_is_reported_after_the_report_latency() -> None:
    desk = Desk.on((*BOOK, (3, TRADE, -1, 999_999, 50), *QUIET[5:]))
    desk.until(1.5)
    desk.rest("a", BUY, "0.010", "100000.0")
    step = desk.until(3.005)
    assert desk.said("a") == ["Accepted"]
    assert step.view.sell_volume == Decimal("0.050")  # seen, as the feed is faster
    desk.until(4)
    assert desk.said("a") == ["Accepted", "Filled"]
    assert desk.heard[-1][0] == at(3) + LATENCY_NS
    assert desk.fills[0].venue_ns == at(3)


def test_no_report_comes_before_the_feed_has_shown_its_cause() -> None:
    events = recording((*BOOK, (3, TRADE, -1, 999_999, 50), *QUIET[5:]), feed_ns=50_000_000)
    desk = Desk(SimulatedVenue.recorded(BTC, events))
    desk.until(1.5)
    desk.rest("a", BUY, "0.010", "100000.0")
    desk.until(4)
    assert desk.heard[-1][0] == at(3.05)


def test_everything_received_by_now_is_in_the_view_and_nothing_later() -> None:
    desk = Desk.on((*BOOK, (2, DEPTH, -1, 1_000_001, 0), *QUIET[3:]))
    before = desk.until_ns(at(2) + FEED_NS - 1).view
    assert before.best_ask == Decimal("100000.1")
    assert before.at_ns == at(2) + FEED_NS - 1
    after = desk.until_ns(at(2) + FEED_NS).view
    assert after.best_ask == Decimal("100000.2")
    assert (before.exch_ns, after.exch_ns) == (at(0), at(2))


def test_the_feed_age_counts_from_the_last_reception() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    assert desk.until(2.5).view.feed_age_ns == SECOND_NS // 2 - FEED_NS
    assert desk.until(2.9).view.feed_age_ns == 9 * SECOND_NS // 10 - FEED_NS


def test_what_is_sent_must_not_be_in_the_past() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(2)
    with pytest.raises(VenueError, match="has passed"):
        desk.venue.query("a", at(1))
    desk.venue.query("a", at(3))
    with pytest.raises(VenueError, match="has passed"):
        desk.venue.query("b", at(2))


def test_a_negative_latency_is_refused() -> None:
    with pytest.raises(UsageError, match="latency"):
        Latency(order=Delay.constant(-1))


# -- orders ---------------------------------------------------------------------------------------
def test_an_ioc_takes_within_its_limit_and_the_rest_is_cancelled() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.take("a", BUY, "0.010", "100000.2")
    desk.until(2)
    assert desk.said("a") == ["Accepted", "Filled", "Filled", "Cancelled"]
    over = desk.reports[-1]
    assert isinstance(over, Cancelled)
    assert (str(over.cum_filled), over.reason) == ("0.007", "nothing more to take within the limit")


def test_a_post_only_order_that_would_take_is_cancelled_with_its_reason() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.rest("a", BUY, "0.010", "100000.1")
    desk.rest("b", SELL, "0.010", "100000.0")
    desk.rest("c", BUY, "0.010", "100000.0")
    desk.until(3)
    assert [desk.said(child) for child in "abc"] == [["Cancelled"], ["Cancelled"], ["Accepted"]]
    assert {r.reason for r in desk.reports if isinstance(r, Cancelled)} == {
        "post-only would have taken"
    }


def test_own_orders_never_trade_with_each_other() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.rest("a", SELL, "0.010", "100000.2")  # behind 0.003
    desk.until(2)
    desk.take("b", BUY, "0.020", "100000.3")
    desk.rest("c", BUY, "0.010", "100000.2")
    desk.until(3)
    assert [(f.child_id, str(f.qty), str(f.price)) for f in desk.fills] == [
        ("b", "0.004", "100000.1"),
        ("b", "0.003", "100000.2"),
    ]
    assert desk.said("a") == ["Accepted"]
    reasons = {r.child_id: r.reason for r in desk.reports if isinstance(r, Cancelled)}
    assert reasons == {
        "b": "would have traded with our own resting order",
        "c": "post-only would have taken",
    }


def test_an_own_order_inside_the_spread_stops_an_own_taker_at_once() -> None:
    wide = tuple(row for row in BOOK if row[3] != 1_000_001)
    desk = Desk.on((*wide, *QUIET))
    desk.until(1.5)
    desk.rest("a", SELL, "0.010", "100000.1")
    desk.until(2)
    desk.take("b", BUY, "0.010", "100000.1")
    desk.until(3)
    assert desk.fills == []
    assert desk.said("b") == ["Accepted", "Cancelled"]


def test_the_queue_is_kept_by_a_smaller_size_and_lost_by_another_price_or_more() -> None:
    sold = tuple((k, TRADE, -1, 1_000_000, 1_700) for k in (4, 5, 6))
    desk = Desk.on((*BOOK, (3, DEPTH, 1, 1_000_000, 6_000), *sold, *QUIET[7:]))
    desk.until(1.5)
    for child in ("less", "more", "back", "away"):
        desk.rest(child, BUY, "0.010", "100000.0")  # 5.0 ahead
    desk.until(3.5)
    desk.amend("less", BUY, "0.006", "100000.0")
    desk.amend("more", BUY, "0.012", "100000.0")  # behind 6.0 now
    desk.amend("away", BUY, "0.010", "99999.9")
    desk.amend("back", BUY, "0.010", "99999.9")
    desk.amend("back", BUY, "0.010", "100000.0")
    desk.until(9)
    assert [(f.child_id, str(f.qty)) for f in desk.fills] == [("less", "0.006")]
    amended = [r for r in desk.reports if isinstance(r, Amended)]
    assert [(r.child_id, str(r.price), str(r.qty)) for r in amended] == [
        ("less", "100000.0", "0.006"),
        ("more", "100000.0", "0.012"),
        ("away", "99999.9", "0.010"),
        ("back", "99999.9", "0.010"),
        ("back", "100000.0", "0.010"),
    ]


def test_own_orders_at_one_price_fill_in_the_order_they_came() -> None:
    sold = ((4, TRADE, -1, 1_000_000, 5_000), (5, TRADE, -1, 1_000_000, 15))
    desk = Desk.on((*BOOK, *sold, *QUIET[7:]))
    desk.until(1.5)
    for child in "ab":
        desk.rest(child, BUY, "0.010", "100000.0")
    desk.until(3)
    desk.amend("a", BUY, "0.010", "99999.9")
    desk.amend("a", BUY, "0.010", "100000.0")  # now b stands first
    desk.until(9)
    assert [(f.child_id, str(f.qty)) for f in desk.fills] == [("b", "0.010"), ("a", "0.005")]


def test_an_amendment_that_would_take_ends_the_order() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.rest("a", BUY, "0.010", "100000.0")
    desk.until(2)
    desk.amend("a", BUY, "0.010", "100000.1")
    desk.until(3)
    assert desk.said("a") == ["Accepted", "Cancelled"]


def test_an_amendment_must_leave_something_and_find_a_live_order() -> None:
    desk = Desk.on((*BOOK, (3, TRADE, -1, 999_999, 5), *QUIET[4:]))
    desk.until(1.5)
    desk.rest("a", BUY, "0.010", "100000.0")
    desk.until(4)
    desk.amend("a", BUY, "0.005", "100000.0")
    desk.amend("a", BUY, "0.0055", "100000.0")  # half a lot
    desk.amend("ghost", BUY, "0.010", "100000.0")
    desk.until(5)
    assert desk.said("a") == ["Accepted", "Filled", "AmendRejected", "AmendRejected"]
    assert desk.said("ghost") == ["AmendRejected"]


def test_a_cancel_races_with_a_fill_and_either_may_win() -> None:
    for traded, said in (
        (1.509, ["Accepted", "Filled", "CancelRejected"]),
        (1.511, ["Accepted", "Cancelled"]),
    ):
        desk = Desk.on((*BOOK, (traded, TRADE, -1, 999_999, 50), *QUIET[1:]))
        desk.until(1.0)
        desk.rest("a", BUY, "0.010", "100000.0")
        desk.until(1.5)
        desk.cancel("a")  # arrives at 1.510
        desk.until(4)
        assert desk.said("a") == said


def test_a_cancel_of_a_part_filled_order_says_how_much_was_filled() -> None:
    desk = Desk.on((*BOOK, (2, TRADE, -1, 999_999, 4), *QUIET[4:]))
    desk.until(1.0)
    desk.rest("a", BUY, "0.010", "100000.0")
    desk.until(3)
    desk.cancel("a")
    desk.cancel("ghost")
    desk.until(5)
    first, second = desk.reports[-2:]
    assert isinstance(first, Cancelled) and str(first.cum_filled) == "0.004"
    assert isinstance(second, CancelRejected) and second.reason == "the order is not known"


def test_a_query_is_answered_with_what_the_venue_knows() -> None:
    desk = Desk.on((*BOOK, (3, TRADE, -1, 999_999, 4), *QUIET[4:]))
    desk.until(1.0)
    desk.rest("a", BUY, "0.010", "100000.0")
    desk.venue.query("a", desk.venue.now_ns)
    desk.venue.query("ghost", desk.venue.now_ns)
    desk.until(4)
    desk.venue.query("a", desk.venue.now_ns)
    desk.cancel("a")
    desk.venue.query("a", desk.venue.now_ns)
    desk.until(5)
    told = [r for r in desk.reports if isinstance(r, Resolved)]
    assert [(r.child_id, r.found, r.live, str(r.cum_filled)) for r in told] == [
        ("a", True, True, "0.000"),
        ("ghost", False, False, "0.000"),
        ("a", True, True, "0.004"),
        ("a", True, False, "0.004"),
    ]


def test_one_intent_has_one_id_for_ever() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1)
    desk.rest("a", BUY, "0.010", "100000.0")
    with pytest.raises(VenueError, match="duplicate order id a"):
        desk.rest("a", BUY, "0.010", "100000.0")
    desk.until(2)
    desk.cancel("a")
    desk.until(3)
    with pytest.raises(VenueError, match="duplicate order id a"):
        desk.take("a", BUY, "0.010", "100000.0")
    assert desk.said("a") == ["Accepted", "Cancelled"]


def test_another_instrument_is_an_error() -> None:
    venue = SimulatedVenue.recorded(find("ETHUSDT", venue="sim"), recording(BOOK))
    with pytest.raises(VenueError, match="not traded here"):
        venue.send(post("a", BUY, "0.010", "100000.0", TimeInForce.IOC), venue.now_ns)


@pytest.mark.parametrize(
    ("qty", "price"), [("0.0105", "100000.0"), ("0.010", "100000.05"), ("0.001", "0.1")]
)
def test_what_breaks_the_rules_is_rejected_by_a_report(qty: str, price: str) -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1)
    desk.rest("a", BUY, qty, price)
    desk.until(2)
    [report] = desk.reports
    assert isinstance(report, Rejected)
    assert "rules" in report.reason


def test_the_number_of_resting_orders_is_bounded() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1)
    for k in range(260):
        desk.rest(f"a{k}", BUY, "0.010", "99999.0")
    desk.until(3)
    assert [desk.said(f"a{k}") for k in (255, 256)] == [["Accepted"], ["Rejected"]]


# -- own consumption ------------------------------------------------------------------------------
def test_what_is_taken_is_missing_in_the_view_until_the_level_is_deleted_and_returns() -> None:
    rows = ((3, DEPTH, -1, 1_000_001, 0), (4, DEPTH, -1, 1_000_001, 4))
    desk = Desk.on((*BOOK, *rows, *QUIET[5:]))
    assert desk.until(1.5).view.best_ask == Decimal("100000.1")
    desk.take("a", BUY, "0.004", "100000.1")
    assert desk.until(2).view.best_ask == Decimal("100000.2")
    assert desk.until(5).view.best_ask == Decimal("100000.1")


def test_own_volume_is_not_market_volume() -> None:
    desk = Desk.on((*BOOK, (3, TRADE, -1, 999_999, 50), *QUIET[5:]))
    desk.until(1.5)
    desk.take("t", BUY, "0.004", "100000.1")
    desk.rest("m", BUY, "0.010", "100000.0")
    view = desk.until(9).view
    assert desk.filled == Decimal("0.014")
    assert view.market_volume == Decimal("0.040")
    assert sum(step.view.sell_volume for step in desk.steps) == Decimal("0.050")
    assert sum(step.view.buy_volume for step in desk.steps) == 0
    assert sum(step.view.trades for step in desk.steps) == 1


# -- gaps -----------------------------------------------------------------------------------------
SNAP: tuple[Row, ...] = tuple((6.0, *row[1:]) for row in BOOK)


def test_a_gap_leaves_no_valid_book_until_the_snapshot_is_complete() -> None:
    half = ((4, CLEAR, 0, 0, 0), (5, SNAPSHOT, 1, 1_000_000, 1))
    desk = Desk.on((*BOOK, (2, GAP, 0, 0, 0), (3, DEPTH, 1, 5, 5), *half[:1], *SNAP, *QUIET[8:]))
    assert desk.until(1.9).view.usable
    for second, why in ((2.5, "gap"), (3.5, "gap"), (4.5, "cleared")):
        view = desk.until(second).view
        assert not view.usable
        assert why in view.invalid
        assert (view.best_bid, view.best_ask) == (None, None)
    assert desk.until(6.5).view.usable
    assert desk.until(6.5).view.best_bid == Decimal("100000.0")


def test_before_the_first_snapshot_there_is_no_book() -> None:
    view = Desk.on((*QUIET, *((20.0, *row[1:]) for row in BOOK))).until(5).view
    assert view.invalid == "no snapshot yet"


def test_in_a_gap_takers_get_nothing_and_the_queue_is_what_the_snapshot_shows() -> None:
    rows = ((2, GAP, 0, 0, 0), *SNAP, (7, TRADE, -1, 1_000_000, 5_005), *QUIET[8:])
    desk = Desk.on((*BOOK, *rows))
    desk.until(3)
    desk.take("t", BUY, "0.004", "100000.1")
    desk.rest("m", BUY, "0.010", "100000.0")
    desk.until(8.5)
    assert desk.said("t") == ["Accepted", "Cancelled"]
    assert [(f.child_id, str(f.qty)) for f in desk.fills] == [("m", "0.005")]


def test_a_snapshot_that_has_moved_through_us_fills_us() -> None:
    low = (
        (6, CLEAR, 0, 0, 0),
        (6, SNAPSHOT, 1, 999_980, 5),
        (6, SNAPSHOT, -1, 999_990, 7),
        (6, SNAPSHOT, -1, 999_995, 700),
    )
    desk = Desk.on((*BOOK, (2, GAP, 0, 0, 0), *low, *QUIET[8:]))
    desk.until(1)
    desk.rest("m", BUY, "0.010", "99999.0")
    desk.rest("n", BUY, "0.010", "99998.5")
    desk.until(9)
    assert [(f.child_id, str(f.qty), str(f.price)) for f in desk.fills] == [
        ("m", "0.007", "99999.0")
    ]


# -- wakes ----------------------------------------------------------------------------------------
def test_a_wake_fires_when_the_touch_leaves() -> None:
    moves = ((3, DEPTH, -1, 1_000_001, 0), (4, DEPTH, 1, 1_000_000, 0))
    venue = SimulatedVenue.recorded(BTC, recording((*BOOK, *moves, *QUIET[5:])))
    bid, ask = BTC.price(1_000_000), BTC.price(1_000_001)
    step = venue.run(Wake(BTC.id, at(9), bid, ask))
    assert (step.now_ns, step.touched) == (at(3) + FEED_NS, True)
    assert step.view.best_ask == BTC.price(1_000_002)
    step = venue.run(Wake(BTC.id, at(3.5), bid, None))  # the ask is not watched
    assert (step.now_ns, step.touched) == (at(3.5), False)
    step = venue.run(Wake(BTC.id, at(9), bid, None))
    assert (step.now_ns, step.touched) == (at(4) + FEED_NS, True)


def test_a_message_that_leaves_the_touch_where_it_was_wakes_nobody() -> None:
    back = ((3, DEPTH, -1, 1_000_001, 0), (3, DEPTH, -1, 1_000_001, 9), *QUIET[5:])
    venue = SimulatedVenue.recorded(BTC, recording((*BOOK, *back)))
    venue.run(Wake(BTC.id, at(1), None, None))
    step = venue.run(Wake(BTC.id, at(5), BTC.price(1_000_000), BTC.price(1_000_001)))
    assert (step.now_ns, step.touched) == (at(5), False)


def test_a_gap_wakes_who_watches_the_touch() -> None:
    venue = SimulatedVenue.recorded(BTC, recording((*BOOK, (3, GAP, 0, 0, 0), *QUIET[5:])))
    venue.run(Wake(BTC.id, at(1), None, None))
    step = venue.run(Wake(BTC.id, at(5), BTC.price(1_000_000), None))
    assert (step.now_ns, step.touched) == (at(3) + FEED_NS, True)


# -- the tape and branches ------------------------------------------------------------------------
def test_the_tape_keeps_every_touch_and_every_trade() -> None:
    rows = (
        (2, TRADE, 1, 1_000_001, 4),
        (2, DEPTH, -1, 1_000_001, 0),
        (3, TRADE, -1, 999_999, 50),
        (4, GAP, 0, 0, 0),
    )
    desk = Desk.on((*BOOK, *rows, *QUIET[5:]))
    desk.until(1.5)
    desk.rest("m", BUY, "0.010", "100000.0")
    desk.until(2.5)
    desk.take("t", BUY, "0.003", "100000.2")
    desk.until(8)
    tape = desk.venue.tape()
    assert (tape.start_ns, tape.end_ns, tape.complete) == (at(0) + FEED_NS, at(8), True)
    touches = zip(tape.touch_ns - START_NS, tape.bid_ticks, tape.ask_ticks, strict=True)
    taken_ns = round(2.5 * SECOND_NS) + LATENCY_NS
    assert [tuple(map(int, row)) for row in touches] == [
        (0, 1_000_000, 1_000_001),
        (2 * SECOND_NS, 1_000_000, 1_000_002),
        (taken_ns, 1_000_000, 1_000_003),
        (4 * SECOND_NS, 0, 0),
    ]
    trades = zip(
        tape.trade_ns - START_NS,
        tape.trade_ticks,
        tape.trade_lots,
        tape.trade_side,
        tape.trade_own,
        strict=True,
    )
    assert [tuple(map(int, row)) for row in trades] == [
        (2 * SECOND_NS, 1_000_001, 4, 1, False),
        (taken_ns, 1_000_002, 3, 1, True),
        (3 * SECOND_NS, 1_000_000, 10, -1, True),
        (3 * SECOND_NS, 999_999, 40, -1, False),
    ]


def test_a_tape_can_be_left_out() -> None:
    venue = SimulatedVenue.recorded(BTC, recording((*BOOK, *QUIET)), tape=False)
    desk = Desk(venue)
    desk.until(1.5)
    desk.take("t", BUY, "0.003", "100000.2")
    desk.until(5)
    tape = venue.tape()
    assert len(desk.fills) == 1
    assert len(tape.touch_ns) == len(tape.trade_ns) == 0


def busy(rows: int) -> tuple[Row, ...]:
    """A recording that trades and moves all the time."""
    rng = np.random.default_rng(3)
    made: list[Row] = list(BOOK)
    for k in range(rows):
        lots = int(rng.integers(0, 40))
        second = 1 + k / 50
        if k % 7 == 0:
            made.append((second, TRADE, -1, 1_000_000, lots + 1))
        elif k % 2:
            made.append((second, DEPTH, 1, 1_000_000 - int(rng.integers(0, 4)), lots))
        else:
            made.append((second, DEPTH, -1, 1_000_001 + int(rng.integers(0, 4)), lots))
    return tuple(made)


def drive(desk: Desk, first: int, last: int) -> None:
    """Trade both ways, at every half second."""
    for k in range(first, last):
        desk.until(1 + k / 2)
        desk.rest(f"m{k}", BUY, "0.010", "100000.0")
        desk.take(f"t{k}", (BUY, SELL)[k % 2], "0.020", ("100000.5", "99999.5")[k % 2])
        if k % 3 == 2:
            desk.cancel(f"m{k - 2}")


def everything(desk: Desk) -> tuple[object, ...]:
    tape = desk.venue.tape()
    arrays = (tape.touch_ns, tape.bid_ticks, tape.ask_ticks, tape.trade_ns, tape.trade_lots)
    return [str(entry) for entry in desk.heard], [a.tolist() for a in arrays], desk.steps[-1].view


@pytest.mark.parametrize("cut", [0, 3, 7, 15])
def test_a_branch_goes_on_alike_and_apart(cut: int) -> None:
    desk = Desk.on(busy(500))
    drive(desk, 0, cut)
    branch = Desk(desk.venue.copy())
    branch.heard = list(desk.heard)
    other = Desk(desk.venue.copy())
    drive(desk, cut, 18)
    desk.until(12)
    for child in "xyz":  # something else happens on a third branch
        other.take(child, BUY, "1.000", "100000.5")
        other.until_ns(other.venue.now_ns + SECOND_NS)
    drive(branch, cut, 18)
    branch.until(12)
    assert everything(branch) == everything(desk)
    assert len(desk.fills) > 15


def test_a_recording_in_many_batches_is_the_same_market() -> None:
    events = recording(busy(400))
    whole = Desk(SimulatedVenue.recorded(BTC, events))
    pieces = [events[k : k + 3] for k in range(0, len(events), 3)]
    split = Desk(SimulatedVenue.recorded(BTC, [events[:0], *pieces, events[:0]]))
    for desk in (whole, split):
        drive(desk, 0, 14)
        desk.until(12)
    assert everything(split) == everything(whole)


def test_execution_ids_are_unique_and_repeat_from_run_to_run() -> None:
    runs = []
    for _ in range(2):
        desk = Desk.on(busy(300))
        drive(desk, 0, 10)
        desk.until(12)
        runs.append([(f.exec_id, f.child_id) for f in desk.fills])
    assert runs[0] == runs[1]
    assert len({exec_id for exec_id, _ in runs[0]}) == len(runs[0]) > 5


def test_fees_are_the_instruments_and_by_liquidity() -> None:
    desk = Desk.on(busy(300))
    drive(desk, 0, 10)
    desk.until(12)
    assert {f.liquidity for f in desk.fills} == {Liquidity.MAKER, Liquidity.TAKER}
    for f in desk.fills:
        assert f.fee == BTC.fee(f.price, f.qty, maker=f.liquidity is Liquidity.MAKER)


def test_a_recorded_market_has_no_news() -> None:
    assert SimulatedVenue.recorded(BTC, recording(BOOK)).news_until(at(100)) == ()


def test_the_market_is_used_without_writing_to_the_events() -> None:
    events = recording((*BOOK, *QUIET))
    events.flags.writeable = False
    before = events.copy()
    desk = Desk(SimulatedVenue.recorded(BTC, events))
    desk.until(1.5)
    desk.take("a", BUY, "0.010", "100010.0")
    desk.until(5)
    assert desk.filled == Decimal("0.010")
    assert (events == before).all()


def test_the_step_carries_what_is_new_only_once() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.take("a", BUY, "0.004", "100010.0")
    assert len(desk.until(3).reports) == 0
    assert len(desk.reports) == 2
    assert desk.venue.run(Wake(BTC.id, at(2), None, None)).now_ns == at(3)  # time never goes back
