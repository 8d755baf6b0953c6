"""What a recorded event, or a request of ours, does to a market: the long way, rule by rule.

The loop of `kernel` sets levels that concern nobody by itself; everything else passes here. The
rules are those of `kernel`; who left a queue is judged by the market's queue model, and what our
own taking does to everybody's prices by `own_impact`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import (
    best,
    clear,
    compiled_part,
    consume,
    depth,
    forget_unshown,
    show,
    size_at,
)
from steersman.marketdata.events import CLEAR, DEPTH, GAP, LOTS_MAX, SNAPSHOT, TRADE
from steersman.marketdata.observer import SHIFTED, note_trade
from steersman.venues.market import (
    ACTION,
    AHEAD,
    AHEAD_REST,
    AT,
    BAD_KIND,
    BAD_LOTS,
    BAD_SIDE,
    BAD_TICK,
    BEFORE,
    BOOK,
    CLEARED,
    CROSSED,
    ERROR,
    EXCH,
    FILLED,
    FINE,
    GAPPED,
    LEVELS_MAX,
    LOADING,
    LOTS,
    MEETS,
    N_NOTES,
    N_TAKEN,
    NEVER,
    NOTE_CROSSED,
    NOTE_GAP,
    NOTE_VALID,
    PLACE,
    QUEUE_MODEL,
    RECV,
    REQ_HEAD,
    REQ_IOC,
    REQ_LOTS,
    REQ_SIDE,
    REQ_TICK,
    SHIFT,
    SHIFT_NS,
    SIDE,
    TICK,
    TRADED,
    TROUBLED,
    VALID,
    Market,
)
from steersman.venues.matching import (
    answer,
    cross_front,
    fill,
    front,
    move_orders,
    pass_queue,
    tape_trade,
)
from steersman.venues.own_impact import STEP_NS, decay, push, ticks_after, ticks_left
from steersman.venues.queues import RISK_AVERSE, after_cancels

__all__ = ["apply_row", "end_message", "happen", "requeue", "trade_ahead"]

I64 = npt.NDArray[np.int64]


@compiled_part
def note(m: Market, kind: int) -> None:
    """Write down what happened to the recording itself, with the number of the event."""
    s = m.s
    row = s[N_NOTES]
    m.notes[row, 0] = kind
    m.notes[row, 1] = s[BEFORE] + s[AT]
    m.notes[row, 2] = s[EXCH]
    m.notes[row, 3] = s[RECV]
    s[N_NOTES] = row + 1
    s[TROUBLED] = 1 if kind == NOTE_GAP or kind == NOTE_CROSSED else 0


# -- one event, the long way ----------------------------------------------------------------------
@compiled_part
def apply_row(m: Market, kind: int, side: int, tick: int, lots: int) -> None:
    """Apply an event of any kind, whatever the state of the book and of our orders."""
    s = m.s
    if kind == GAP:
        if s[BOOK] != GAPPED:
            note(m, NOTE_GAP)
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
        ours = s[BOOK] == VALID and m.live[0] > 0
        before = size_at(m.levels, m.top, m.far, row, tick) if ours else 0
        s[N_TAKEN] -= show(m.levels, m.taken, m.top, m.far, row, tick, lots)
        if ours:
            requeue(m, side, tick, before, size_at(m.levels, m.top, m.far, row, tick))
            s[MEETS] = 1  # once the message is whole: within one the book may be crossed


@compiled_part
def _fault(kind: int, side: int, tick: int, lots: int) -> int:
    """Return what is impossible about the row of a level, or FINE."""
    if kind != DEPTH and kind != TRADE and kind != SNAPSHOT:
        return BAD_KIND
    if side != 1 and side != -1:
        return BAD_SIDE
    if tick < 1:
        return BAD_TICK
    if lots < 0 or lots > LOTS_MAX or (lots == 0 and kind != DEPTH):
        return BAD_LOTS
    return FINE


@compiled_part
def trade_ahead(orders: I64, live: I64, side: int, tick: int, lots: int) -> bool:
    """Let a trade take from the queue ahead of us; return False, untouched, where it reaches us."""
    for k in range(1, live[0] + 1):
        row = live[k]
        if orders[row, SIDE] != side and orders[row, TICK] == tick and orders[row, AHEAD] < lots:
            return False
    pass_queue(orders, live, -side, tick, lots)
    for k in range(1, live[0] + 1):
        if orders[live[k], SIDE] != side and orders[live[k], TICK] == tick:
            orders[live[k], TRADED] += lots
    return True


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
        orders[row, TRADED] += lots
        x = min(orders[row, LOTS] - orders[row, FILLED], max(0, reach - orders[row, AHEAD]))
        orders[row, AHEAD] = max(0, orders[row, AHEAD] - reach)
        if orders[row, AHEAD] == 0:
            orders[row, AHEAD_REST] = 0
        if x > 0:
            before = live[0]
            fill(m, row, s[EXCH], tick, x, True)
            k -= before - live[0]
            given += x
    note_trade(m.obs_i, side, lots, lots - given)
    tape_trade(m.trades, s, s[EXCH], tick, lots - given, side, 0)


@compiled_part
def requeue(m: Market, side: int, tick: int, before: int, size: int) -> None:
    """Judge who left a level of `before` lots, now `size`: by the queue model, unless they traded.

    In any case nobody is ahead of us who is not there any more.
    """
    for k in range(1, m.live[0] + 1):
        order = m.orders[m.live[k]]
        if order[SIDE] != side or order[TICK] != tick:
            continue
        stood = before - order[TRADED]
        order[TRADED] = 0
        if m.s[QUEUE_MODEL] != RISK_AVERSE and stood > size and order[AHEAD] <= stood:
            order[AHEAD], order[AHEAD_REST] = after_cancels(
                m.s[QUEUE_MODEL], m.queue[0], order[AHEAD], order[AHEAD_REST], stood, stood - size
            )
        if order[AHEAD] > size:
            order[AHEAD] = size
            order[AHEAD_REST] = 0


@compiled_part
def _uncross(m: Market, exch_ns: int) -> None:
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
            fill(m, row, exch_ns, m.orders[row, TICK], x, True)


@compiled_part
def _restore(m: Market, exch_ns: int) -> None:
    """The book can be used (again): our orders stand in it, behind at most what is there."""
    if m.s[TROUBLED] != 0:
        note(m, NOTE_VALID)
    m.s[BOOK] = VALID
    for k in range(1, m.live[0] + 1):
        order = m.orders[m.live[k]]
        order[TRADED] = 0
        row = 0 if order[SIDE] > 0 else 1
        size = size_at(m.levels, m.top, m.far, row, order[TICK])
        if order[AHEAD] > size:
            order[AHEAD] = size
            order[AHEAD_REST] = 0
    _uncross(m, exch_ns)


@compiled_part
def end_message(m: Market) -> None:
    """A message is whole: perhaps a snapshot is complete, and a crossed book is not traded on."""
    s = m.s
    before, meets = s[BOOK], s[MEETS]
    s[MEETS] = 0
    if before != VALID and before != CROSSED and before != LOADING:
        return
    if before == LOADING and s[N_TAKEN] > 0:
        s[N_TAKEN] = forget_unshown(m.taken, m.far, False)
    bid, ask = best(m.top, m.far, 0), best(m.top, m.far, 1)
    if bid >= ask and ask > 0:
        if before != CROSSED:
            note(m, NOTE_CROSSED)
        s[BOOK] = CROSSED
    elif before != VALID:
        _restore(m, s[EXCH])
    elif meets != 0:
        _uncross(m, s[EXCH])


# -- our own impact -------------------------------------------------------------------------------
@compiled_part
def _reprice(m: Market, exch_ns: int) -> None:
    """Move everybody's prices to where our impact has them now."""
    s = m.s
    ticks = ticks_left(m.impact) - s[SHIFT]
    if ticks == 0:
        return
    move_orders(m, ticks)
    m.obs_i[SHIFTED] = s[SHIFT]
    if s[BOOK] == VALID:
        _restore(m, exch_ns)


@compiled_part
def _fade(m: Market) -> None:
    """Let our impact decay by a step."""
    at_ns = m.s[SHIFT_NS]
    m.s[SHIFT_NS] = at_ns + STEP_NS if decay(m.impact) else NEVER
    _reprice(m, at_ns)


@compiled_part
def _push(m: Market, lots: int, exch_ns: int) -> None:
    """Let what we took at `exch_ns` (lots, signed by our side) move everybody's prices."""
    push(m.impact, lots)
    if m.s[SHIFT_NS] == NEVER and m.impact[0] > 0.0:
        m.s[SHIFT_NS] = (exch_ns // STEP_NS + 1) * STEP_NS
    _reprice(m, exch_ns)


@compiled_part
def _half_of_taking(m: Market) -> int:
    """Return half of the lots that the oldest request will take, signed by its side.

    The half moves the others' prices before it trades, so what is within its limit depends on it:
    this is half of the most lots of which the rest is still there.
    """
    request = m.requests[m.s[REQ_HEAD]]
    if request[ACTION] != PLACE or request[REQ_IOC] == 0:
        return 0
    side, low, high = request[REQ_SIDE], 0, request[REQ_LOTS]
    while low < high:
        lots = (low + high + 1) // 2
        if _within_limit(m, side, request[REQ_TICK], (lots + 1) // 2) >= lots:
            low = lots
        else:
            high = lots - 1
    return int(side * ((low + 1) // 2))


@compiled_part
def _within_limit(m: Market, side: int, limit: int, half: int) -> int:
    """Return the lots of others before `limit` (our tick) and our own orders, `half` pushed."""
    row = 1 if side > 0 else 0
    shift = ticks_after(m.impact, side * half)
    last = limit - shift
    k = front(m.orders, m.live, -side)
    ahead = 0
    if k >= 0:
        order = m.orders[m.live[k]]
        wall = order[TICK] + m.s[SHIFT] - shift  # where ours will stand among the others'
        if (wall - last) * side <= 0:
            last = wall - side
            if shift == m.s[SHIFT]:
                ahead = min(order[AHEAD], size_at(m.levels, m.top, m.far, row, wall))
    return depth(m.levels, m.top, m.far, row, last) + ahead


@compiled_part
def happen(m: Market, at_ns: int, fades: bool, closed: bool) -> None:
    """Let a request, or the fading of our impact, happen at the exchange."""
    if fades:
        _fade(m)
        return
    half = 0
    if m.impact[0] > 0.0 and not closed and m.s[BOOK] == VALID:
        half = _half_of_taking(m)
        if half != 0:
            _push(m, half, at_ns)
    took = answer(m, closed)
    if took != half and m.impact[0] > 0.0:
        _push(m, took - half, at_ns)
