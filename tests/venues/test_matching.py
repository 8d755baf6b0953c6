"""Own orders in the table: priority, watching, and reasons that say what happened."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.marketdata import book
from steersman.venues import market as m_
from steersman.venues.latency import Delay
from steersman.venues.market import Market, new_market
from steersman.venues.matching import REASONS, answer, cross_front, front

BUY, SELL = 1, -1


def stage() -> Market:
    """A valid recorded book: bids 5 at 99, 98; asks 5 at 101, 102."""
    m = new_market(span=256, report_delay=Delay.constant(10), tape=True, recorded=True, now_ns=0)
    m.s[m_.BOOK] = m_.VALID
    for row, tick in ((0, 99), (0, 98), (1, 101), (1, 102)):
        book.put(m.levels, m.top, m.far, row, tick, 5)
    return m


def ask(m: Market, action: int, serial: int, *fields: int, closed: bool = False) -> int:
    m.requests[0] = 0
    m.requests[0, : 3 + len(fields)] = 100, action, serial, *fields
    m.s[m_.REQ_HEAD], m.s[m_.REQ_TAIL] = 0, 1
    return int(answer(m, closed))


def reports(m: Market) -> list[tuple[int, int, str]]:
    rows = m.reports[: m.s[m_.REP_TAIL]]
    return [(int(r[m_.KIND]), int(r[m_.REP_LOTS]), REASONS[r[m_.REASON]]) for r in rows]


def test_the_front_is_the_best_price_then_the_oldest() -> None:
    m = stage()
    for serial, tick in enumerate((97, 99, 98, 99)):
        ask(m, m_.PLACE, serial, BUY, tick, 1, 0)
    assert m.live[front(m.orders, m.live, BUY)] == 1
    ask(m, m_.CANCEL, 1)
    assert m.live[front(m.orders, m.live, BUY)] == 3
    assert front(m.orders, m.live, SELL) == -1
    assert m.live[: 1 + m.live[0]].tolist() == [3, 0, 2, 3]


def test_only_events_that_can_concern_an_own_order_are_watched() -> None:
    m = stage()

    def watched() -> tuple[list[int], list[int]]:
        cross, queue = m.s[m_.CROSS : m_.CROSS + 2], m.s[m_.QUEUE : m_.QUEUE + 2]
        return cross.tolist(), queue.tolist()

    never = m_.NEVER
    assert watched() == ([never, never], [never, never])
    ask(m, m_.PLACE, 0, BUY, 98, 1, 0)
    ask(m, m_.PLACE, 1, BUY, 97, 1, 0)
    assert watched() == ([never, -98], [97, never])
    ask(m, m_.PLACE, 2, SELL, 103, 1, 0)
    ask(m, m_.PLACE, 3, SELL, 104, 1, 0)
    assert watched() == ([103, -98], [97, -104])
    ask(m, m_.CANCEL, 0)
    ask(m, m_.CANCEL, 2)
    assert watched() == ([104, -97], [97, -104])
    ask(m, m_.CANCEL, 1)
    ask(m, m_.CANCEL, 3)
    assert watched() == ([never, never], [never, never])


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_taker_returns_what_it_took_with_its_sign(side: int) -> None:
    m = stage()
    limit = 102 if side == BUY else 98
    assert ask(m, m_.PLACE, 0, side, limit, 7, 1) == 7 * side
    assert m.s[m_.N_TAKEN] == 2
    assert ask(m, m_.PLACE, 1, side, limit, 9, 1) == 3 * side
    kinds = [(m_.ACCEPTED, 0, ""), (m_.TOLD_TRADE, 5, ""), (m_.TOLD_TRADE, 2, "")]
    assert reports(m)[:3] == kinds
    assert reports(m)[-1] == (m_.CANCELLED, 3, "nothing more to take within the limit")


def test_an_order_of_somebody_else_trades_with_us_at_our_prices_best_first() -> None:
    m = stage()
    for serial, tick in enumerate((99, 100, 98)):
        ask(m, m_.PLACE, serial, BUY, tick, 2, 0)
    assert cross_front(m, SELL, 99, 3, 100) == 3
    assert [int(m.orders[serial, m_.FILLED]) for serial in range(3)] == [1, 2, 0]
    assert cross_front(m, SELL, 99, 9, 100) == 1
    assert cross_front(m, SELL, 99, 9, 100) == 0


def test_a_report_comes_after_its_latency_and_not_before_the_feed() -> None:
    m = stage()
    ask(m, m_.QUERY, 0)
    m.s[m_.RECV] = 5_000
    ask(m, m_.QUERY, 0)
    assert m.reports[:2, m_.DELIVER].tolist() == [110, 5_000]


def test_after_the_end_orders_are_rejected_and_can_be_cancelled() -> None:
    m = stage()
    ask(m, m_.PLACE, 0, BUY, 98, 2, 0)
    ask(m, m_.PLACE, 1, BUY, 98, 2, 0, closed=True)
    ask(m, m_.AMEND, 0, BUY, 97, 2, 0, closed=True)
    ask(m, m_.CANCEL, 0, closed=True)
    assert reports(m)[1:] == [
        (m_.REJECTED, 0, "the market has ended"),
        (m_.AMEND_REJECTED, 0, "the market has ended"),
        (m_.CANCELLED, 0, "as asked"),
    ]


def test_without_a_book_the_queue_is_unknown() -> None:
    m = stage()
    m.s[m_.BOOK] = m_.GAPPED
    ask(m, m_.PLACE, 0, BUY, 98, 2, 0)
    ask(m, m_.PLACE, 1, BUY, 102, 2, 1)
    assert m.orders[0, m_.AHEAD] == m_.NEVER
    assert reports(m)[-1] == (m_.CANCELLED, 0, "there is no valid book")
    assert np.all(m.taken == 0)
