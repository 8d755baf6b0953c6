"""What a recording may say to a market: an error with the event's number, never a silent end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.messages import Rejected
from steersman.domain.order import TimeInForce
from steersman.domain.units import Side
from steersman.errors import DataError
from steersman.marketdata import observer
from steersman.marketdata.events import DEPTH, LOTS_MAX, SNAPSHOT, TRADE
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK, BTC, QUIET, START_NS, Desk, post, recording

HUGE = 2**62 + 12_345
AT = len(BOOK) + 2


def wrong(what: str, row: tuple[int, ...], resting: bool) -> None:
    """Replace one row after the book by `row` and expect the error at its number."""
    events = recording([*BOOK, *QUIET])
    for name, value in zip(("kind", "side", "tick", "lots"), row, strict=True):
        events[name][AT] = value
    desk = Desk(SimulatedVenue.recorded(BTC, events))
    if resting:
        desk.until(0.5)
        desk.rest("a", Side.BUY, "0.010", "99000.0")
    with pytest.raises(DataError, match=rf"event {AT}: {what}"):
        desk.until(30)
    with pytest.raises(DataError, match=rf"event {AT}: {what}"):
        desk.until(60)  # and it does not go on
    assert not any(step.ended for step in desk.steps)


@pytest.mark.parametrize("resting", [False, True])
@pytest.mark.parametrize(
    ("what", "row"),
    [
        ("unknown kind", (9, 1, 999_000, 5)),
        ("no such side", (DEPTH, 0, 999_000, 5)),
        ("no such side", (TRADE, 3, 999_000, 5)),
        ("price out of range", (DEPTH, 1, 0, 5)),
        ("price out of range", (TRADE, 1, -7, 5)),
        ("impossible size", (DEPTH, 1, 999_000, -1)),
        ("impossible size", (TRADE, 1, 1_000_001, 0)),
        ("impossible size", (TRADE, 1, 1_000_001, -5)),
        ("impossible size", (SNAPSHOT, 1, 999_000, 0)),
        ("impossible size", (DEPTH, 1, 999_000, LOTS_MAX + 1)),
        ("impossible size", (DEPTH, 1, 9, HUGE)),
        ("impossible size", (TRADE, 1, 1_000_001, LOTS_MAX + 1)),
        ("impossible size", (TRADE, 1, 1_000_001, HUGE)),
    ],
)
def test_an_impossible_row_is_an_error_with_its_number(
    what: str, row: tuple[int, ...], resting: bool
) -> None:
    wrong(what, row, resting)


@pytest.mark.parametrize(
    ("exch_ns", "recv_ns", "what"),
    [(-1, -1, "goes back"), (0, 0, "goes back"), (START_NS - 1, START_NS - 1, "goes back"),
     (START_NS + 10**9, START_NS, "goes back"), (START_NS + 10**12, START_NS + 10**10, "before")],
)  # fmt: skip
def test_a_time_that_cannot_be_is_an_error(exch_ns: int, recv_ns: int, what: str) -> None:
    events = recording([*BOOK, *QUIET])
    events["exch_ns"][AT], events["recv_ns"][AT] = exch_ns, recv_ns
    desk = Desk(SimulatedVenue.recorded(BTC, events))
    with pytest.raises(DataError, match=rf"event {AT}: .*{what}"):
        desk.until(60)


def test_times_before_1970_are_an_error_from_the_first_row_on() -> None:
    events = recording([*BOOK, *QUIET])
    events["exch_ns"] -= 2 * START_NS
    events["recv_ns"] -= 2 * START_NS
    with pytest.raises(DataError, match="event 0: time goes back"):
        Desk(SimulatedVenue.recorded(BTC, events)).until(60)


@pytest.mark.parametrize("at_ns", [4 * 10**18 + 1, 2**62, 2**63 - 1])
def test_times_after_2096_are_refused(at_ns: int) -> None:
    events = recording([*BOOK, *QUIET])
    events["recv_ns"][-1] = at_ns
    with pytest.raises(DataError, match="events after 2096; give times in ns"):
        SimulatedVenue.recorded(BTC, events)


def test_a_trade_outside_of_the_book_is_volume_and_leaves_the_book_alone() -> None:
    far = [(2.5, TRADE, 1, 1_500_000, 70), (2.6, TRADE, -1, 500_000, 30)]
    desk = Desk.on([*BOOK, *far, *QUIET[3:]])
    view = desk.until(4).view
    assert (view.best_bid, view.best_ask) == (Decimal("100000.0"), Decimal("100000.1"))
    assert view.market_volume == Decimal("0.100")
    assert desk.venue.tape().trade_ticks.tolist() == [1_500_000, 500_000]


def test_a_trade_beyond_our_price_fills_us_at_ours_and_at_most_by_its_size() -> None:
    desk = Desk.on([*BOOK, (2.5, TRADE, -1, 900_000, 7), *QUIET[3:]])
    desk.until(0.5)
    desk.rest("a", Side.BUY, "0.010", "99998.0")
    desk.until(9)
    [fill] = desk.fills
    assert (fill.qty, fill.price) == (Decimal("0.007"), Decimal("99998.0"))


def test_the_largest_sizes_neither_wrap_the_depth_nor_the_microprice() -> None:
    rows = [(row[0], row[1], row[2], row[3], LOTS_MAX if row[4] else 0) for row in BOOK]
    view = Desk.on([*rows, *QUIET]).until(0.5).view
    whole = BTC.qty(LOTS_MAX)
    assert (view.depth_bid[0], view.depth_ask[0]) == (2 * whole, 3 * whole)
    assert view.microprice == pytest.approx(100_000.05)


def test_a_volume_near_2_to_the_63_is_an_error_and_never_wraps() -> None:
    obs_i, _ = observer.new_observer()
    for _ in range(1 << 20):
        observer.note_trade(obs_i, 1, LOTS_MAX, LOTS_MAX)
    assert observer.VOLUME_MAX < obs_i[observer.VOLUME] < 2**63 - LOTS_MAX
    assert (obs_i >= 0).all()
    desk = Desk.on([*BOOK, (2.5, TRADE, 1, 1_000_001, 3), *QUIET[3:]])
    desk.until(2)
    desk.venue._m.obs_i[observer.VOLUME] = observer.VOLUME_MAX
    with pytest.raises(DataError, match=r"more than 2\^62 lots were traded by event 7; check"):
        desk.until(2.6)


@pytest.mark.parametrize(
    ("qty", "price"),
    [
        (str(BTC.qty(LOTS_MAX + 1)), "100000.0"),
        ("999999999999999999", "100000.0"),
        ("1.000", "214748364.8"),
        ("1.000", "999999999999999999"),
    ],
)
def test_an_order_that_no_kernel_can_hold_is_rejected_by_a_report(qty: str, price: str) -> None:
    desk = Desk.on([*BOOK, *QUIET])
    desk.until(0.5)
    desk.venue.send(post("a", Side.BUY, qty, price, TimeInForce.IOC), desk.venue.now_ns)
    desk.until(1.5)
    [report] = desk.reports
    assert isinstance(report, Rejected) and "breaks the instrument's rules" in report.reason
