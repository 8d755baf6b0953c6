"""Replay a recorded market in the order of the exchange, our own orders in their places in it.

Both times of the events never go back, so what is known at a local time is a prefix of the events,
and one book serves the exchange and us. A request is applied before the first event that the
exchange had after it arrived; its answer comes when the report latency has passed, and everything
received by then has been processed, and nothing later.

Own orders did not exist when the market was recorded, so three rules keep their fills honest:

- what we take from a level stays taken until the level is refilled or deleted (`book.show`);
- a trade at our price first eats the queue ahead of us; a level that shrinks caps that queue; a
  trade of size x gives us at most x;
- a book that moves to or through our price fills us, as maker, with at most what came, and what we
  got is gone from it; so does a trade that prints through our price.

A gap leaves no valid book until a snapshot is complete; only trades count in between. A row that
cannot be is an error with its number: the market stops there and never ends there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import (
    FAR_ROOM,
    best,
    clear,
    compiled_inline,
    compiled_part,
    consume,
    forget_unshown,
    is_misplaced,
    scan,
    show,
    size_at,
)
from steersman.marketdata.events import CLEAR, DEPTH, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.observer import NEXT, note_trade, roll
from steersman.venues.market import (
    AHEAD,
    ARRIVAL,
    AT,
    BAD,
    BAD_KIND,
    BAD_LOTS,
    BAD_SIDE,
    BAD_TICK,
    BOOK,
    CLEARED,
    CROSS,
    CROSSED,
    DELIVER,
    DONE,
    EARLY,
    ENDED,
    ERROR,
    EXCH,
    FILLED,
    FINE,
    GAPPED,
    LEVELS_MAX,
    LOADING,
    LOTS,
    N_TAKEN,
    N_TOUCHES,
    N_TRADES,
    NEED_DATA,
    NEED_ROOM,
    NEVER,
    NOW,
    QUEUE,
    RECENTRE,
    RECV,
    REP_HEAD,
    REP_TAIL,
    REPORT_LATENCY,
    REQ_HEAD,
    REQ_TAIL,
    ROOM,
    SIDE,
    TAPE,
    TICK,
    TIME_BACK,
    TOUCH_ASK,
    TOUCH_BID,
    TOUCH_NS,
    VALID,
    WANT_ASK,
    WANT_BID,
    Market,
)
from steersman.venues.matching import answer, cross_front, fill, front, pass_queue, tape_trade

__all__ = ["bounds", "has_room", "in_flight", "note_touch", "run_recorded"]

I64 = npt.NDArray[np.int64]


# -- shared with generated markets ----------------------------------------------------------------
@compiled_inline
def has_room(m: Market) -> bool:
    """Tell whether the tables can take whatever one event may cause."""
    s = m.s
    return bool(
        s[REP_TAIL] + ROOM <= m.reports.shape[0]
        and s[N_TOUCHES] + ROOM < m.touches.shape[0]
        and s[N_TRADES] + ROOM < m.trades.shape[0]
    )


@compiled_inline
def bounds(m: Market, until_ns: int) -> tuple[int, int]:
    """Return the local time to stop at as far as is known, and when the next request arrives."""
    s = m.s
    limit = min(until_ns, s[TOUCH_NS])
    if s[REP_HEAD] < s[REP_TAIL]:
        limit = min(limit, m.reports[s[REP_HEAD], DELIVER])
    arrival = m.requests[s[REQ_HEAD], ARRIVAL] if s[REQ_HEAD] < s[REQ_TAIL] else NEVER
    return limit, arrival


@compiled_inline
def in_flight(s: I64) -> bool:
    """Tell whether a request or a report is on its way."""
    return bool(s[REQ_HEAD] < s[REQ_TAIL] or s[REP_HEAD] < s[REP_TAIL])


@compiled_part
def note_touch(s: I64, top: I64, far: I64, touches: I64, exch_ns: int, local_ns: int) -> int:
    """Look at the touch after a whole message: tape it, and compare it with what is watched.

    Returns BAD where the book is crossed, RECENTRE or NEED_ROOM where that must be done next.
    """
    bid = ask = 0
    if s[BOOK] == VALID:
        bid, ask = best(top, far, 0), best(top, far, 1)
        if bid >= ask and ask > 0:
            s[ERROR] = CROSSED
            return BAD
    if bid != s[TOUCH_BID] or ask != s[TOUCH_ASK]:
        s[TOUCH_BID], s[TOUCH_ASK] = bid, ask
        if s[TAPE] != 0:
            at = s[N_TOUCHES]
            touches[at, 0] = exch_ns
            touches[at, 1] = bid
            touches[at, 2] = ask
            s[N_TOUCHES] = at + 1
    want_bid, want_ask = s[WANT_BID], s[WANT_ASK]
    left = (want_bid >= 0 and bid != want_bid) or (want_ask >= 0 and ask != want_ask)
    if left and s[TOUCH_NS] == NEVER:
        s[TOUCH_NS] = local_ns
    if far[0, 0] > 0 and is_misplaced(top, far):
        return RECENTRE
    return DONE if s[N_TOUCHES] + ROOM < touches.shape[0] else NEED_ROOM


# -- one event, the long way ----------------------------------------------------------------------
@compiled_part
def _apply(m: Market, kind: int, side: int, tick: int, lots: int) -> None:
    """Apply an event of any kind, whatever the state of the book and of our orders."""
    s = m.s
    if kind == GAP:
        s[BOOK] = GAPPED
        return
    if kind == CLEAR:
        clear(m.levels, m.top, m.far)
        if s[N_TAKEN] > 0:
            forget_unshown(m.taken, m.far, True)
        s[BOOK] = CLEARED
        return
    s[ERROR] = _fault(kind, side, tick, lots)
    if s[ERROR] != FINE:
        return
    if kind == TRADE:
        _trade(m, side, tick, lots)
    elif s[BOOK] != GAPPED:
        if kind == SNAPSHOT:
            s[BOOK] = LOADING
        row = 0 if side > 0 else 1
        s[N_TAKEN] -= show(m.levels, m.taken, m.top, m.far, row, tick, lots)
        if s[BOOK] == VALID and m.live[0] > 0:
            size = size_at(m.levels, m.top, m.far, row, tick)
            _cap_queue(m.orders, m.live, side, tick, size)
            _uncross(m)


@compiled_part
def _fault(kind: int, side: int, tick: int, lots: int) -> int:
    """Return what is impossible about the row of a level, or FINE."""
    if kind != DEPTH and kind != TRADE and kind != SNAPSHOT:
        return BAD_KIND
    if side != 1 and side != -1:
        return BAD_SIDE
    if tick < 1:
        return BAD_TICK
    if lots < 0 or (lots == 0 and kind != DEPTH):
        return BAD_LOTS
    return FINE


@compiled_part
def _trade(m: Market, side: int, tick: int, lots: int) -> None:
    """Give a recorded trade to own orders: first to those it prints through, then by the queue."""
    s, orders, live = m.s, m.orders, m.live
    given = cross_front(m, side, tick - side, lots, s[EXCH]) if live[0] > 0 else 0
    k = 1
    while k <= live[0]:
        row = live[k]
        k += 1
        if orders[row, SIDE] == side or orders[row, TICK] != tick:
            continue
        reach = lots - given
        x = min(orders[row, LOTS] - orders[row, FILLED], max(0, reach - orders[row, AHEAD]))
        orders[row, AHEAD] = max(0, orders[row, AHEAD] - reach)
        if x > 0:
            before = live[0]
            fill(m, row, s[EXCH], tick, x, True)
            k -= before - live[0]
            given += x
    note_trade(m.obs_i, side, lots, lots - given)
    tape_trade(m.trades, s, s[EXCH], tick, lots - given, side, 0)


@compiled_part
def _cap_queue(orders: I64, live: I64, side: int, tick: int, size: int) -> None:
    """Nobody is ahead of us who is not there any more."""
    for k in range(1, live[0] + 1):
        row = live[k]
        if orders[row, SIDE] == side and orders[row, TICK] == tick:
            orders[row, AHEAD] = min(orders[row, AHEAD], size)


@compiled_part
def _passes(orders: I64, live: I64, cross: int, side: int, tick: int, lots: int) -> bool:
    """Tell whether a trade fills no own order; the queues at its price then move on.

    `cross` is the nearest own price on the other side as tick x side: short of it a trade concerns
    nobody, beyond it it fills somebody.
    """
    if tick * side != cross:
        return bool(tick * side < cross)
    for k in range(1, live[0] + 1):
        row = live[k]
        if orders[row, SIDE] != side and orders[row, TICK] == tick and orders[row, AHEAD] < lots:
            return False
    pass_queue(orders, live, -side, tick, lots)
    return True


@compiled_part
def _uncross(m: Market) -> None:
    """Trade own orders against what has come to or through their price, until nothing is left."""
    for side in (1, -1):
        for _ in range(LEVELS_MAX // 2):
            k = front(m.orders, m.live, side)
            other = 1 if side > 0 else 0
            tick = best(m.top, m.far, other)
            if k < 0 or tick == 0 or (m.orders[m.live[k], TICK] - tick) * side < 0:
                break
            row = m.live[k]
            x = min(
                m.orders[row, LOTS] - m.orders[row, FILLED],
                size_at(m.levels, m.top, m.far, other, tick),
            )
            m.s[N_TAKEN] += consume(m.levels, m.taken, m.top, m.far, other, tick, x)
            fill(m, row, m.s[EXCH], m.orders[row, TICK], x, True)


@compiled_part
def _complete(m: Market) -> None:
    """A snapshot is complete: the book is valid, and our orders stand in it."""
    m.s[BOOK] = VALID
    if m.s[N_TAKEN] > 0:
        m.s[N_TAKEN] = forget_unshown(m.taken, m.far, False)
    for k in range(1, m.live[0] + 1):
        side, tick = m.orders[m.live[k], SIDE], m.orders[m.live[k], TICK]
        size = size_at(m.levels, m.top, m.far, (1 - side) >> 1, tick)
        _cap_queue(m.orders, m.live, side, tick, size)
    _uncross(m)


# -- the loop over events -------------------------------------------------------------------------
@compiled_inline
def _replay(m: Market, events: I64, limit: int, arrival: int) -> int:  # noqa: C901
    """Process events received by `limit` and sent by `arrival`; stop after anything of ours.

    `events` int64[n, 4] are rows of `EVENT`: exch_ns, recv_ns, lots, and tick (32 bits), kind and
    side (8 each) and flags (16) in one word. What fills no own order is done right here.
    """
    s, top, levels, taken, far, live = m.s, m.top, m.levels, m.taken, m.far, m.live
    obs_i, obs_f, touches, trades, orders = m.obs_i, m.obs_f, m.touches, m.trades, m.orders
    i, n, span, reports, full = s[AT], events.shape[0], top[3], s[REP_TAIL], trades.shape[0] - ROOM
    seen_bid = seen_ask = -2  # look once, whatever the touch
    status = DONE
    while i < n and status == DONE and s[REP_TAIL] == reports:
        s[AT] = i
        exch, recv, lots, word = events[i, 0], events[i, 1], events[i, 2], events[i, 3]
        if recv > limit or exch > arrival:
            return DONE
        if exch < s[EXCH] or recv < s[RECV] or recv < exch:
            s[ERROR] = EARLY if exch >= s[EXCH] and recv >= s[RECV] else TIME_BACK
            return BAD
        s[EXCH], s[RECV] = exch, recv
        if recv >= obs_i[NEXT]:
            roll(obs_i, obs_f, levels, top, far, recv, s[BOOK] == VALID)
        tick, kind, side = (word << 32) >> 32, (word >> 32) & 255, (word << 16) >> 56
        row, col = (1 - side) >> 1, tick - top[2]
        near = 0 <= col < span and tick > 0 and side * side == 1
        if (
            (kind == DEPTH and near and lots >= 0 and s[BOOK] == VALID)
            and tick * side < s[CROSS + row]
            and (s[N_TAKEN] == 0 or taken[row, col] == 0)
        ):
            levels[row, col] = lots
            ahead = (col - top[row]) * side
            if ahead > 0 and lots > 0:
                top[row] = col
            elif ahead == 0 and lots == 0:
                scan(levels, top, row)
            if tick * side >= s[QUEUE + row]:
                _cap_queue(orders, live, side, tick, lots)
        elif (kind == TRADE and near and lots > 0 and s[N_TRADES] < full) and _passes(
            orders, live, s[CROSS + row], side, tick, lots
        ):
            note_trade(obs_i, side, lots, lots)
            tape_trade(trades, s, exch, tick, lots, side, 0)
        else:
            if far[0, 0] + FAR_ROOM > (far.shape[0] - 2) // 2 or s[N_TRADES] >= full:
                return NEED_ROOM
            _apply(m, kind, side, tick, lots)
            seen_bid = -2
        if (word >> 48) & LAST:
            if s[BOOK] == LOADING:
                _complete(m)
            if top[0] != seen_bid or top[1] != seen_ask:
                status = note_touch(s, top, far, touches, exch, recv)
                limit = min(limit, s[TOUCH_NS])
                seen_bid, seen_ask = top[0], top[1]
        if s[ERROR] != FINE:
            return BAD
        i += 1
    s[AT] = i
    return status


@compiled_inline
def run_recorded(m: Market, events: I64, final: bool, until_ns: int) -> int:
    """Run to `until_ns` local time, or to an own report, or to where the touch leaves the watched.

    Returns DONE with `s[NOW]` reached; NEED_DATA after the last row of a batch that is not the
    `final` one; NEED_ROOM and RECENTRE where the caller has to do that first; BAD at an impossible
    row, whose number is `s[AT]`. `s[ENDED]` is set where the data and all answers are exhausted.
    """
    s = m.s
    while s[ERROR] == FINE:
        if not has_room(m):
            return NEED_ROOM
        limit, arrival = bounds(m, until_ns)
        reports = s[REP_TAIL]
        status = _replay(m, events, limit, arrival)
        if status != DONE:
            return status
        if s[REP_TAIL] != reports or s[TOUCH_NS] < limit:
            continue
        more = s[AT] < events.shape[0]
        if not more and not final:
            return NEED_DATA
        next_exch, next_recv = NEVER, NEVER
        if more:
            next_exch, next_recv = events[s[AT], 0], events[s[AT], 1]
        due = min(next_recv, max(arrival + s[REPORT_LATENCY], s[RECV]))
        if arrival < next_exch and due <= limit:
            roll(m.obs_i, m.obs_f, m.levels, m.top, m.far, due, s[BOOK] == VALID)
            answer(m, not more and arrival > s[EXCH])
            status = note_touch(s, m.top, m.far, m.touches, arrival, due)
            if status != DONE:
                return status
            continue
        if not more and not in_flight(s):
            s[ENDED] = 1
            limit = min(limit, max(s[NOW], s[RECV]))
        s[NOW] = max(s[NOW], limit)
        return DONE
    return BAD
