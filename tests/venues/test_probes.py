"""The six probes: what other engines get wrong, with the right figures, on hand-made books."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from steersman.domain.messages import Filled
from steersman.domain.order import Liquidity
from steersman.domain.units import Side
from steersman.errors import DataError
from steersman.marketdata.events import DEPTH, SNAPSHOT, TRADE
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK, BTC, QUIET, Desk, Row, recording

# BUY 0.010 joins the bid of 5 at 100,000.0; then a sale of 0.050 prints there.
QUEUED: tuple[Row, ...] = (
    *BOOK,
    (1, DEPTH, 1, 999_900, 1_000),
    (3, TRADE, -1, 1_000_000, 50),
    (3, DEPTH, 1, 1_000_000, 4_950),
    (4, DEPTH, 1, 999_899, 1_000),
    (5, DEPTH, 1, 999_898, 1_000),
)
LATER: tuple[Row, ...] = ((7, DEPTH, 1, 999_897, 1_000), (9, DEPTH, 1, 999_896, 1_000))
TRADED: tuple[Row, ...] = (
    *QUEUED,
    (6, TRADE, -1, 1_000_000, 4_950),
    (6.1, TRADE, -1, 1_000_000, 20),
    (6.2, DEPTH, 1, 1_000_000, 0),
    *LATER,
)
CROSSED: tuple[Row, ...] = (
    *QUEUED,
    (6, DEPTH, 1, 1_000_000, 0),
    (6.1, DEPTH, -1, 1_000_000, 2_000),
    *LATER,
)


def joined(rows: tuple[Row, ...], qty: str = "0.010") -> Desk:
    """Join the bid at 100,000.0 at second 1.5 and run to the end."""
    desk = Desk.on(rows)
    desk.until(1.5)
    desk.rest("a", Side.BUY, qty, "100000.0")
    desk.until(20)
    return desk


def test_a_sweep_books_every_level_at_its_price() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.take("a", Side.BUY, "0.010", "100010.0")
    desk.until(3)
    assert [(str(f.qty), str(f.price)) for f in desk.fills] == [
        ("0.004", "100000.1"),
        ("0.003", "100000.2"),
        ("0.003", "100000.3"),
    ]
    assert desk.cost == Decimal("1000.00190")
    assert {f.liquidity for f in desk.fills} == {Liquidity.TAKER}
    assert sum(f.fee for f in desk.fills) == Decimal("1000.00190") * Decimal("5.5") / 10_000


def test_one_resting_lot_is_never_sold_twice() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(1.5)
    desk.take("a", Side.BUY, "0.004", "100010.0")
    desk.until(1.6)
    desk.take("b", Side.BUY, "0.004", "100010.0")
    desk.until(3)
    assert desk.filled == Decimal("0.008")
    assert desk.cost == Decimal("800.00130")


def test_one_resting_lot_is_never_sold_twice_though_it_is_shown_again() -> None:
    shown = (
        (2, DEPTH, -1, 1_000_001, 3),  # of the four we took, three are still shown
        (3, DEPTH, -1, 1_000_001, 5),  # two came
    )
    desk = Desk.on((*BOOK, (1, DEPTH, 1, 999_900, 1_000), *shown, *QUIET[3:]))
    desk.until(1.5)
    desk.take("a", Side.BUY, "0.004", "100000.1")
    desk.until(2.5)
    desk.take("b", Side.BUY, "0.004", "100000.1")
    desk.until(3.5)
    desk.take("c", Side.BUY, "0.004", "100000.1")
    desk.until(9)
    got = {f.child_id: str(f.qty) for f in desk.fills}
    assert got == {"a": "0.004", "c": "0.002"}


def test_one_resting_lot_is_never_sold_twice_after_a_snapshot_that_shows_it_again() -> None:
    again = tuple((4.0, *row[1:]) for row in BOOK)
    desk = Desk.on((*BOOK, *again, *QUIET[5:]))
    desk.until(1.5)
    desk.take("a", Side.BUY, "0.004", "100000.1")
    desk.until(5)
    desk.take("b", Side.BUY, "0.004", "100000.1")
    desk.until(9)
    assert [f.child_id for f in desk.fills] == ["a"]


def test_a_recorded_trade_fills_no_more_than_its_size() -> None:
    trades = ((3, TRADE, -1, 999_999, 12), (4, DEPTH, 1, 999_900, 1))
    desk = Desk.on((*BOOK[:1], *BOOK[2:], *trades, *QUIET[5:]))  # no bid at 100,000.0
    desk.until(1.5)
    for child in "abc":
        desk.rest(child, Side.BUY, "0.005", "100000.0")
    desk.until(9)
    assert [(f.child_id, str(f.qty)) for f in desk.fills] == [
        ("a", "0.005"),
        ("b", "0.005"),
        ("c", "0.002"),
    ]


def test_a_resting_order_fills_when_its_whole_level_trades() -> None:
    desk = joined(TRADED)
    assert desk.filled == Decimal("0.010")
    [fill] = desk.fills
    assert fill == Filled(
        child_id="a",
        exec_id="BTCUSDT-1",
        venue_ns=fill.venue_ns,
        qty=BTC.qty(10),
        price=BTC.price(1_000_000),
        fee=BTC.fee(BTC.price(1_000_000), BTC.qty(10), maker=True),
        liquidity=Liquidity.MAKER,
    )


def test_a_later_queued_order_does_not_fill() -> None:
    assert joined(QUEUED).fills == []


def test_a_book_moving_through_a_resting_order_fills_it() -> None:
    desk = joined(CROSSED)
    assert desk.filled == Decimal("0.010")
    assert {(str(f.price), f.liquidity) for f in desk.fills} == {("100000.0", Liquidity.MAKER)}


def test_a_book_moving_through_fills_at_most_what_moved() -> None:
    desk = joined(CROSSED, qty="3.000")
    assert desk.filled == Decimal("2.000")
    assert desk.venue.run(_now(desk)).view.best_ask != Decimal("100000.0")  # that lot is gone


def test_an_error_is_never_reported_as_end_of_data() -> None:
    for row, (field, value) in enumerate(
        [
            ("lots", -1),
            ("tick", 0),
            ("side", 0),
            ("kind", 77),
            ("exch_ns", 5),
            ("recv_ns", 5),
        ],
        start=8,
    ):
        events = recording((*BOOK, *QUIET))
        events[field][row] = value
        venue = SimulatedVenue.recorded(BTC, events)
        for _ in range(2):  # and it stays one
            with pytest.raises(DataError, match=rf"event {row}: "):
                Desk(venue).until(30)


def test_the_end_of_data_is_said_once_all_answers_are_in() -> None:
    desk = Desk.on((*BOOK, *QUIET))
    desk.until(9.985)
    desk.rest("a", Side.BUY, "0.010", "99999.0")
    step = desk.until(30)
    assert step.ended
    assert desk.said("a") == ["Accepted"]
    assert not any(step.ended for step in desk.steps[:-1])
    desk.take("b", Side.BUY, "0.010", "100010.0")  # nobody knows that market
    desk.cancel("a")
    desk.until(40)
    assert desk.said("b") == ["Rejected"]
    assert desk.said("a") == ["Accepted", "Cancelled"]
    assert not desk.venue.tape().complete


def test_no_events_are_an_error() -> None:
    with pytest.raises(DataError, match="no events"):
        SimulatedVenue.recorded(BTC, recording(()))
    with pytest.raises(DataError, match="dtype"):
        SimulatedVenue.recorded(BTC, np.zeros(3, np.int64))


def test_a_snapshot_row_of_no_size_is_an_error() -> None:
    events = recording((*BOOK, (1, SNAPSHOT, 1, 999_000, 0)))
    with pytest.raises(DataError, match="event 6: impossible size"):
        Desk(SimulatedVenue.recorded(BTC, events)).until(2)


def _now(desk: Desk):  # type: ignore[no-untyped-def]
    from steersman.domain.messages import Wake

    return Wake(BTC.id, desk.venue.now_ns, None, None)
