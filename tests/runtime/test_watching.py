"""What is kept of a market: constructed tapes with known answers, and both kinds of venue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MS_NS, SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.tape import Tape
from steersman.runtime.watching import (
    SAMPLE_NS,
    Samples,
    is_open,
    summarise,
    taker_orders,
    watch,
)
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")
AAPL = find("AAPL", category=Category.EQUITY, venue="sim")
T0 = START_NS
NONE = np.empty(0)
NO_SAMPLES = Samples(NONE, NONE, NONE, NONE, NONE.reshape(0, 2), NONE.reshape(0, 2))

Row = tuple[float, int, int]  # seconds, bid, ask
Trade = tuple[float, int, int]  # seconds, lots, side


def tape(touches: list[Row], trades: list[Trade], seconds: float = 10.0) -> Tape:
    touch = np.array([(T0 + round(s * 1e9), b, a) for s, b, a in touches], np.int64).reshape(-1, 3)
    trade = np.array([(T0 + round(s * 1e9), q, d) for s, q, d in trades], np.int64).reshape(-1, 3)
    return Tape(
        start_ns=T0,
        end_ns=T0 + round(seconds * 1e9),
        touch_ns=touch[:, 0],
        bid_ticks=touch[:, 1],
        ask_ticks=touch[:, 2],
        trade_ns=trade[:, 0],
        trade_ticks=np.full(len(trade), 100),
        trade_lots=trade[:, 1],
        trade_side=trade[:, 2].astype(np.int8),
        trade_own=np.zeros(len(trade), np.bool_),
        complete=True,
    )


def test_mids_are_sampled_at_whole_seconds_and_missing_where_a_side_is() -> None:
    touches = [(0.0, 100, 101), (1.5, 102, 103), (3.0, 0, 103), (4.0, 104, 107)]
    seen = summarise(BTC, tape(touches, [], 5.5), NO_SAMPLES)
    assert seen.mid[:2].tolist() == [100.5, 102.5]  # at seconds 1, 2
    assert np.isnan(seen.mid[2]) and seen.mid[3:].tolist() == [105.5, 105.5]
    assert seen.spread[[0, 1, 3]].tolist() == [1.0, 1.0, 3.0] and np.isnan(seen.spread[2])
    assert (seen.held_ns / SECOND_NS).tolist() == [1.5, 1.5, 1.0, 1.5]
    assert seen.spread_bps[0] == pytest.approx(1e4 / 100.5)


def test_trades_of_one_side_at_one_time_are_one_order() -> None:
    trades = [(1.0, 5, 1), (1.0, 7, 1), (1.0002, 1, 1), (1.0, 2, -1), (2.0, 3, -1)]
    orders = taker_orders(tape([(0.0, 100, 101)], trades), np.array([100.5]), np.array([1.0]))
    assert orders.lots.tolist() == [13.0, 2.0, 3.0]
    assert orders.sign.tolist() == [1.0, -1.0, -1.0]


def test_moves_and_spreads_after_an_order() -> None:
    touches = [(0.0, 1000, 1002), (1.0, 1000, 1008), (1.05, 1004, 1006), (5.0, 900, 902)]
    seen = summarise(BTC, tape(touches, [(1.0, 5, 1), (4.5, 5, -1), (9.5, 1, 1)]), NO_SAMPLES)
    first, second, last = seen.orders.moved
    assert first == pytest.approx(1e4 * np.log(1005 / 1001))
    assert second == pytest.approx(-1e4 * np.log(901 / 1005))
    assert np.isnan(last)  # the second after it is not on the tape
    assert seen.orders.widest.tolist() == [8.0, 2.0, 2.0]


def test_counts_and_volumes_are_by_second() -> None:
    trades = [(1.2, 5, 1), (1.7, 7, -1), (3.1, 2, 1), (9.9, 50, 1)]
    seen = summarise(BTC, tape([(0.0, 100, 101)], trades, 10.5), NO_SAMPLES)
    assert seen.counts[:4].tolist() == [2.0, 0.0, 1.0, 0.0]
    assert seen.volume[:3].tolist() == [12.0, 0.0, 2.0]
    assert np.isnan(seen.counts[-1]), "the last second is not whole"
    assert seen.hours == pytest.approx(10 / 3_600)


def test_a_day_by_half_hours_counts_only_whole_ones() -> None:
    trades = [(float(s), 2, 1) for s in range(0, 4_000, 10)]
    seen = summarise(BTC, tape([(0.0, 100, 101)], trades, 4_000.0), NO_SAMPLES)
    known = np.flatnonzero(np.isfinite(seen.by_half_hour))
    assert known.tolist() == [30, 31]  # from 15:00 UTC
    assert seen.by_half_hour[known] == pytest.approx(0.2, rel=0.01)


def test_shares_are_open_in_their_session_only() -> None:
    hours = np.array([14.4, 14.5, 20.9, 21.0])
    ns = (hours * HOUR_NS).astype(np.int64)
    assert is_open(Category.EQUITY, ns).tolist() == [False, True, True, False]
    assert is_open(Category.LINEAR, ns).all()
    late = tape([(0.0, 100, 101)], [(1.0, 5, 1), (21_601.0, 5, 1)], 21_610.0)  # 15:00 to 21:00:10
    seen = summarise(AAPL, late, NO_SAMPLES)
    assert seen.orders.lots.size == 1
    assert np.isnan(seen.mid[21_600:]).all() and np.isfinite(seen.mid[:21_598]).all()


def test_no_trade_and_no_book() -> None:
    seen = summarise(BTC, tape([(0.0, 100, 101)], []), NO_SAMPLES)
    assert seen.orders.lots.size == 0 and seen.counts[:-1].sum() == 0.0
    with pytest.raises(DataError, match="no valid book"):
        summarise(BTC, tape([], []), NO_SAMPLES)


def test_a_generated_market_is_watched_to_its_end() -> None:
    end_ns = START_NS + 90 * SECOND_NS
    shares: list[float] = []
    venue = SimulatedVenue.generated(BTC, seed=4, start_ns=START_NS, end_ns=end_ns)
    seen = watch(venue, end_ns, shares.append)
    assert seen.samples.bid.size == 900
    assert (seen.samples.ask - seen.samples.bid >= 1).all()
    assert (seen.samples.depth > seen.samples.bid_lots.min()).all()
    assert seen.end_ns == end_ns and seen.mid.size == 90
    assert shares == [pytest.approx(2 / 3)]
    taken = seen.samples.taken.sum()
    assert taken == pytest.approx(seen.orders.lots.sum(), rel=0.2)  # but for the feed's latency
    venue = SimulatedVenue.generated(BTC, seed=4, start_ns=START_NS, end_ns=end_ns)
    again = watch(venue, end_ns, shares.append)
    assert again.mid.tobytes() == seen.mid.tobytes()
    assert again.samples.depth.tobytes() == seen.samples.depth.tobytes()


def test_a_recording_with_a_gap_has_no_book_there() -> None:
    rows = [(0.0, CLEAR, 0, 0, 0), (0.0, SNAPSHOT, 1, 1000, 8), (0.0, SNAPSHOT, -1, 1001, 9)]
    rows += [(1.0, TRADE, 1, 1001, 4), (2.0, DEPTH, -1, 1001, 5), (3.0, GAP, 0, 0, 0)]
    rows += [(4.0, CLEAR, 0, 0, 0), (4.0, SNAPSHOT, 1, 1000, 8), (4.0, SNAPSHOT, -1, 1001, 9)]
    rows += [(6.0, DEPTH, 1, 1000, 3)]
    events = np.zeros(len(rows), EVENT)
    for event, (second, kind, side, tick, lots) in zip(events, rows, strict=True):
        event["exch_ns"] = event["recv_ns"] = T0 + round(second * 1e9)
        event["kind"], event["side"], event["tick"], event["lots"] = kind, side, tick, lots
        inside = kind in (CLEAR, SNAPSHOT) and side >= 0
        event["flags"] = 0 if inside else LAST
    venue = SimulatedVenue.recorded(BTC, events)
    seen = watch(venue, T0 + 7 * SECOND_NS, lambda share: None)
    assert np.isfinite(seen.mid).tolist() == [True, True, False, True, True, True][: seen.mid.size]
    second = SECOND_NS // SAMPLE_NS
    assert np.isnan(seen.samples.bid[3 * second : 4 * second - 2]).all()
    assert seen.samples.ask_lots[2 * second + 1] == 5.0
    assert seen.samples.taken[second - 1 : second + 1, 1].sum() == 4.0


def test_the_widest_spread_lasts_a_tenth_of_a_second() -> None:
    late = tape([(0.0, 100, 101), (1.0 + 150 * MS_NS / 1e9, 100, 109)], [(1.0, 5, 1)])
    assert summarise(BTC, late, NO_SAMPLES).orders.widest.tolist() == [1.0]
    soon = replace(late, touch_ns=late.touch_ns - np.array([0, 100 * MS_NS]))
    assert summarise(BTC, soon, NO_SAMPLES).orders.widest.tolist() == [9.0]
