"""Our own orders: how they wait, take and end. One order of events, one price each, no lot twice.

- A taker order trades level by level, each level at its own price, and what it takes is gone.
- A resting order has a price and a queue: `AHEAD` counts the lots of others before it, and own
  orders at one price stand in the order in which they came.
- Own orders never trade with each other: what would take from an own resting order is cancelled.
- Price or size up means the back of the queue; size down keeps the place.
- Whatever is done to an order is reported once, at the time it happened, after the report latency,
  and never before the feed has shown what caused it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import best, compiled, compiled_part, consume, put, size_at
from steersman.venues.latency import REPORT, delay_ns
from steersman.venues.market import (
    ACCEPTED,
    ACTION,
    AHEAD,
    AHEAD_REST,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    ARRIVAL,
    BOOK,
    CANCEL,
    CANCEL_REJECTED,
    CANCELLED,
    CROSS,
    DELIVER,
    DELIVERED,
    EXEC,
    EXECS,
    FILLED,
    KIND,
    LEVELS_MAX,
    LIVE,
    LIVE_MAX,
    LOTS,
    MAKER,
    N_REPORTS,
    N_TAKEN,
    N_TRADES,
    NEVER,
    OVER,
    PLACE,
    QUERY,
    QUEUE,
    REASON,
    RECORDED,
    RECV,
    REJECT_PLACE,
    REJECTED,
    REP_EXCH,
    REP_LOTS,
    REP_SERIAL,
    REP_TAIL,
    REP_TICK,
    REQ_HEAD,
    REQ_IOC,
    REQ_LOTS,
    REQ_SIDE,
    REQ_TICK,
    RESOLVED,
    SEED,
    SERIAL,
    SHIFT,
    SIDE,
    STATE,
    TAPE,
    TICK,
    TOLD_TRADE,
    TRADED,
    VALID,
    Market,
)

__all__ = [
    "REASONS",
    "answer",
    "cross_front",
    "fill",
    "front",
    "known_ns",
    "move_orders",
    "pass_queue",
    "tape_trade",
]

I64 = npt.NDArray[np.int64]

(
    _NONE,
    _IOC_REST,
    _WOULD_CROSS,
    _SELF_MATCH,
    _NO_BOOK,
    _CLOSED,
    _TOO_MANY,
    _OVER,
    _UNKNOWN,
    _NOT_ABOVE_FILLED,
    _ASKED,
    _INVALID,
) = range(12)
REASONS: Final = (
    "",
    "nothing more to take within the limit",
    "post-only would have taken",
    "would have traded with our own resting order",
    "there is no valid book",
    "the market has ended",
    f"more than {LIVE_MAX} orders rest",
    "the order is over",
    "the order is not known",
    "not above what is already filled",
    "as asked",
    "price or quantity breaks the instrument's rules",
)


# -- reports and the tape -------------------------------------------------------------------------
@compiled_part
def known_ns(m: Market, exch_ns: int) -> int:
    """Return the local time at which the next report is known, of what happens at `exch_ns`.

    Reports do not overtake each other, nor the feed of what caused them.
    """
    s = m.s
    took = delay_ns(m.delays, s[SEED], REPORT, s[N_REPORTS], exch_ns)
    return int(max(exch_ns + took, s[RECV], s[DELIVERED]))


@compiled_part
def _report(m: Market, kind: int, serial: int, exch_ns: int, lots: int, why: int) -> int:
    """Append a report and return its row."""
    reports, s = m.reports, m.s
    at = s[REP_TAIL]
    reports[at, KIND] = kind
    reports[at, REP_SERIAL] = serial
    reports[at, REP_EXCH] = exch_ns
    reports[at, DELIVER] = s[DELIVERED] = known_ns(m, exch_ns)
    s[N_REPORTS] += 1
    reports[at, REP_LOTS] = lots
    reports[at, REASON] = why
    s[REP_TAIL] = at + 1
    return int(at)


@compiled_part
def tape_trade(
    trades: I64, s: I64, exch_ns: int, tick: int, lots: int, side: int, own: int
) -> None:
    """Keep a trade for measurement, at the price it has for us; `side` is the aggressor's."""
    if s[TAPE] != 0 and lots > 0:
        at = s[N_TRADES]
        trades[at, 0] = exch_ns
        trades[at, 1] = tick + s[SHIFT]
        trades[at, 2] = lots
        trades[at, 3] = side
        trades[at, 4] = own
        s[N_TRADES] = at + 1


# -- own resting orders ---------------------------------------------------------------------------
@compiled
def front(orders: I64, live: I64, side: int) -> int:
    """Return the place in `live` of our first order of a side by price, then time; -1 if none."""
    found = -1
    for k in range(1, live[0] + 1):
        row = live[k]
        if orders[row, SIDE] == side and (
            found < 0 or (orders[row, TICK] - orders[live[found], TICK]) * side > 0
        ):
            found = k
    return found


@compiled_part
def _watch(orders: I64, live: I64, s: I64) -> None:
    """Note which events can concern a resting order."""
    s[CROSS] = s[CROSS + 1] = s[QUEUE] = s[QUEUE + 1] = NEVER
    for k in range(1, live[0] + 1):
        side, tick = orders[live[k], SIDE], orders[live[k], TICK]
        row = (1 - side) >> 1
        s[QUEUE + row] = min(s[QUEUE + row], tick * side)
        s[CROSS + 1 - row] = min(s[CROSS + 1 - row], -tick * side)


@compiled_part
def _enter(orders: I64, live: I64, s: I64, serial: int) -> None:
    orders[serial, STATE] = LIVE
    live[0] += 1
    live[live[0]] = serial
    _watch(orders, live, s)


@compiled_part
def _leave(orders: I64, live: I64, s: I64, serial: int) -> None:
    """Take an order out of the book; the others keep their order in time."""
    orders[serial, STATE] = OVER
    kept = 0
    for k in range(1, live[0] + 1):
        if live[k] != serial:
            kept += 1
            live[kept] = live[k]
    live[0] = kept
    _watch(orders, live, s)


@compiled_part
def pass_queue(orders: I64, live: I64, side: int, tick: int, lots: int) -> None:
    """Let `lots` of others leave the front of the queue at a price."""
    for k in range(1, live[0] + 1):
        row = live[k]
        if orders[row, SIDE] == side and orders[row, TICK] == tick:
            orders[row, AHEAD] = max(0, orders[row, AHEAD] - lots)
            if orders[row, AHEAD] == 0:
                orders[row, AHEAD_REST] = 0


@compiled_part
def fill(m: Market, serial: int, exch_ns: int, tick: int, lots: int, maker: bool) -> None:
    """Book a trade of ours: order, report, tape; a resting order that is full is over."""
    m.orders[serial, FILLED] += lots
    at = _report(m, TOLD_TRADE, serial, exch_ns, lots, _NONE)
    m.reports[at, REP_TICK] = tick + m.s[SHIFT]
    m.reports[at, MAKER] = 1 if maker else 0
    m.s[EXECS] += 1
    m.reports[at, EXEC] = m.s[EXECS]
    side = m.orders[serial, SIDE]
    tape_trade(m.trades, m.s, exch_ns, tick, lots, -side if maker else side, 1)
    if m.orders[serial, FILLED] == m.orders[serial, LOTS]:
        _leave(m.orders, m.live, m.s, serial)


@compiled
def cross_front(m: Market, side: int, limit: int, lots: int, exch_ns: int) -> int:
    """Let somebody else's order of `side` take `lots` from us, up to the price `limit`.

    Only prices at or better than `limit` (for us: reached before it) trade, each at our own price,
    best first; the queue is not asked. Return the lots that we gave.
    """
    given = 0
    while given < lots:
        k = front(m.orders, m.live, -side)
        if k < 0:
            break
        serial = m.live[k]
        if (m.orders[serial, TICK] - limit) * side > 0:
            break
        x = min(lots - given, m.orders[serial, LOTS] - m.orders[serial, FILLED])
        fill(m, serial, exch_ns, m.orders[serial, TICK], x, True)
        given += x
    return given


# -- taking ---------------------------------------------------------------------------------------
@compiled_part
def _sweep(m: Market, serial: int, limit: int, exch_ns: int) -> int:
    """Take level by level up to `limit`; return why it stopped before it was full."""
    side = m.orders[serial, SIDE]
    row = 1 if side > 0 else 0
    k = front(m.orders, m.live, -side)
    wall = m.orders[m.live[k], TICK] if k >= 0 else 0  # our own first order on that side
    for _ in range(LEVELS_MAX):
        left = m.orders[serial, LOTS] - m.orders[serial, FILLED]
        tick = best(m.top, m.far, row)
        if left == 0:
            return _NONE
        blocked = k >= 0 and (wall - limit) * side <= 0
        if tick == 0 or (tick - limit) * side > 0:
            return _SELF_MATCH if blocked else _IOC_REST
        x = size_at(m.levels, m.top, m.far, row, tick)
        if k >= 0 and (wall - tick) * side <= 0:
            x = min(x, m.orders[m.live[k], AHEAD]) if wall == tick else 0
        if x == 0:
            return _SELF_MATCH
        x = min(x, left)
        if m.s[RECORDED] != 0:
            m.s[N_TAKEN] += consume(m.levels, m.taken, m.top, m.far, row, tick, x)
        else:
            put(m.levels, m.top, m.far, row, tick, size_at(m.levels, m.top, m.far, row, tick) - x)
        pass_queue(m.orders, m.live, -side, tick, x)
        fill(m, serial, exch_ns, tick, x, False)
    return _IOC_REST if m.orders[serial, FILLED] < m.orders[serial, LOTS] else _NONE


@compiled_part
def _crosses(m: Market, side: int, tick: int) -> bool:
    """Tell whether an order would trade at once, with others or with ourselves."""
    k = front(m.orders, m.live, -side)
    if k >= 0 and (tick - m.orders[m.live[k], TICK]) * side >= 0:
        return True
    other = best(m.top, m.far, 1 if side > 0 else 0)
    return bool(m.s[BOOK] == VALID and other > 0 and (tick - other) * side >= 0)


@compiled_part
def _join(m: Market, order: I64, tick: int) -> None:
    """Stand behind all that is there; without a book that is unknown until a snapshot tells."""
    order[AHEAD_REST] = order[TRADED] = 0
    order[AHEAD] = NEVER
    if m.s[BOOK] == VALID:
        row = 0 if order[SIDE] > 0 else 1
        order[AHEAD] = size_at(m.levels, m.top, m.far, row, tick)


@compiled_part
def move_orders(m: Market, ticks: int) -> None:
    """Let everybody's prices but ours move by `ticks`: in the book's own ticks ours move back."""
    m.s[SHIFT] += ticks
    for k in range(1, m.live[0] + 1):
        m.orders[m.live[k], TICK] -= ticks
    _watch(m.orders, m.live, m.s)


# -- requests -------------------------------------------------------------------------------------
@compiled
def answer(m: Market, closed: bool) -> int:
    """Let the oldest request happen at its arrival; return the lots taken, signed by the side."""
    request = m.requests[m.s[REQ_HEAD]]
    m.s[REQ_HEAD] += 1
    action, serial, exch_ns = request[ACTION], request[SERIAL], request[ARRIVAL]
    state = m.orders[serial, STATE]
    filled = m.orders[serial, FILLED]
    if action == PLACE:
        return _place(m, request, closed)
    if action == AMEND:
        _amend(m, request, closed)
    elif action == CANCEL:
        if state == LIVE:
            _leave(m.orders, m.live, m.s, serial)
            _report(m, CANCELLED, serial, exch_ns, filled, _ASKED)
        else:
            why = _OVER if state == OVER else _UNKNOWN
            _report(m, CANCEL_REJECTED, serial, exch_ns, 0, why)
    elif action == QUERY:
        at = _report(m, RESOLVED, serial, exch_ns, filled, _NONE)
        m.reports[at, REP_TICK] = state
    else:
        kind = REJECTED if action == REJECT_PLACE else AMEND_REJECTED
        _report(m, kind, serial, exch_ns, 0, _INVALID)
    return 0


@compiled_part
def _place(m: Market, request: I64, closed: bool) -> int:
    serial, exch_ns = request[SERIAL], request[ARRIVAL]
    side, tick = request[REQ_SIDE], request[REQ_TICK] - m.s[SHIFT]
    if closed or m.live[0] == LIVE_MAX:
        why = _CLOSED if closed else _TOO_MANY
        _report(m, REJECTED, serial, exch_ns, 0, why)
        return 0
    order = m.orders[serial]
    order[SIDE], order[TICK], order[LOTS] = side, tick, request[REQ_LOTS]
    if request[REQ_IOC] == 0:
        if _crosses(m, side, tick):
            order[STATE] = OVER
            _report(m, CANCELLED, serial, exch_ns, 0, _WOULD_CROSS)
            return 0
        _join(m, order, tick)
        _enter(m.orders, m.live, m.s, serial)
        _report(m, ACCEPTED, serial, exch_ns, 0, _NONE)
        return 0
    order[STATE] = OVER
    _report(m, ACCEPTED, serial, exch_ns, 0, _NONE)
    why = _sweep(m, serial, tick, exch_ns) if m.s[BOOK] == VALID else _NO_BOOK
    if order[FILLED] < order[LOTS]:
        _report(m, CANCELLED, serial, exch_ns, order[FILLED], why)
    return int(side * order[FILLED])


@compiled_part
def _amend(m: Market, request: I64, closed: bool) -> None:
    serial, exch_ns = request[SERIAL], request[ARRIVAL]
    tick, lots = request[REQ_TICK] - m.s[SHIFT], request[REQ_LOTS]
    order = m.orders[serial]
    why = _NONE
    if order[STATE] != LIVE:
        why = _OVER if order[STATE] == OVER else _UNKNOWN
    elif closed:
        why = _CLOSED
    elif lots <= order[FILLED]:
        why = _NOT_ABOVE_FILLED
    if why != _NONE:
        _report(m, AMEND_REJECTED, serial, exch_ns, 0, why)
        return
    if tick != order[TICK] or lots > order[LOTS]:
        _leave(m.orders, m.live, m.s, serial)
        if _crosses(m, order[SIDE], tick):
            _report(m, CANCELLED, serial, exch_ns, order[FILLED], _WOULD_CROSS)
            return
        order[TICK] = tick
        _join(m, order, tick)
        _enter(m.orders, m.live, m.s, serial)
    order[LOTS] = lots
    at = _report(m, AMENDED, serial, exch_ns, lots, _NONE)
    m.reports[at, REP_TICK] = tick + m.s[SHIFT]
