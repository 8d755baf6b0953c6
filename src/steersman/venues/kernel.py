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

A gap leaves no valid book until a snapshot is complete, a crossed message none until one uncrosses
it; only trades count in between, and each is noted with the number of its event. A row that cannot
be is an error with its number: the market stops there and never ends there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import (
    FAR_ROOM,
    best,
    compiled,
    compiled_inline,
    compiled_part,
    is_misplaced,
    scan,
)
from steersman.marketdata.events import DEPTH, LAST, LOTS_MAX, TRADE
from steersman.marketdata.observer import NEXT, note_trade, roll
from steersman.venues.market import (
    ARRIVAL,
    AT,
    BAD,
    BOOK,
    CROSS,
    DELIVER,
    DONE,
    EARLY,
    ENDED,
    ERROR,
    EXCH,
    FINE,
    MEETS,
    N_NOTES,
    N_TAKEN,
    N_TOUCHES,
    N_TRADES,
    NEED_DATA,
    NEED_ROOM,
    NEVER,
    NOTE_ROOM,
    NOW,
    QUEUE,
    RECENTRE,
    RECV,
    REP_HEAD,
    REP_TAIL,
    REQ_HEAD,
    REQ_TAIL,
    ROOM,
    SHIFT,
    SHIFT_NS,
    TAPE,
    TIME_BACK,
    TOUCH_ASK,
    TOUCH_BID,
    TOUCH_NS,
    VALID,
    WANT_ASK,
    WANT_BID,
    Market,
)
from steersman.venues.matching import (
    known_ns,
    tape_trade,
)
from steersman.venues.recorded import (
    apply_row,
    end_message,
    happen,
    requeue,
    trade_ahead,
)

__all__ = ["bounds", "has_room", "in_flight", "note_touch", "run_recorded"]

I64 = npt.NDArray[np.int64]


# -- shared with generated markets ----------------------------------------------------------------
@compiled
def has_room(m: Market) -> bool:
    """Tell whether the tables can take whatever one event may cause."""
    s = m.s
    return bool(
        s[REP_TAIL] + ROOM <= m.reports.shape[0]
        and s[N_TOUCHES] + ROOM < m.touches.shape[0]
        and s[N_TRADES] + ROOM < m.trades.shape[0]
        and s[N_NOTES] + NOTE_ROOM <= m.notes.shape[0]
    )


@compiled_part
def has_room_for_a_row(m: Market) -> bool:
    """Tell whether the far table and the notes can take what one recorded row may cause."""
    return bool(
        m.far[0, 0] + FAR_ROOM <= (m.far.shape[0] - 2) // 2
        and m.s[N_NOTES] + NOTE_ROOM <= m.notes.shape[0]
    )


@compiled_part
def bounds(m: Market, until_ns: int) -> tuple[int, int]:
    """Return the local time to stop at as far as is known, and when the next request arrives."""
    s = m.s
    limit = min(until_ns, s[TOUCH_NS])
    if s[REP_HEAD] < s[REP_TAIL]:
        limit = min(limit, m.reports[s[REP_HEAD], DELIVER])
    arrival = m.requests[s[REQ_HEAD], ARRIVAL] if s[REQ_HEAD] < s[REQ_TAIL] else NEVER
    return limit, arrival


@compiled_part
def in_flight(s: I64) -> bool:
    """Tell whether a request or a report is on its way."""
    return bool(s[REQ_HEAD] < s[REQ_TAIL] or s[REP_HEAD] < s[REP_TAIL])


@compiled_part
def note_touch(s: I64, top: I64, far: I64, touches: I64, exch_ns: int, local_ns: int) -> int:
    """Look at the touch after a whole message: tape it, and compare it with what is watched.

    Returns RECENTRE or NEED_ROOM where that must be done next.
    """
    bid = ask = 0
    if s[BOOK] == VALID:
        bid, ask = best(top, far, 0), best(top, far, 1)
        bid = bid + s[SHIFT] if bid > 0 else 0
        ask = ask + s[SHIFT] if ask > 0 else 0
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


# -- the loop over events -------------------------------------------------------------------------
@compiled_inline
def _replay(m: Market, events: I64, limit: int, arrival: int) -> int:  # noqa: C901
    """Process events received by `limit` and sent by `arrival`; stop after anything of ours.

    `events` int64[n, 4] are rows of `EVENT`: exch_ns, recv_ns, lots, and tick (32 bits), kind, side
    (8 each) and flags (16) in one word. A plain level or trade is applied right here: calls cost.
    """
    s, top, levels, taken, far, live = m.s, m.top, m.levels, m.taken, m.far, m.live
    obs_i, obs_f, touches, trades, orders = m.obs_i, m.obs_f, m.touches, m.trades, m.orders
    i, n, span, reports, full = s[AT], events.shape[0], top[3], s[REP_TAIL], trades.shape[0] - ROOM
    seen_bid, seen_ask, status = -2, -2, DONE  # look once, whatever the touch
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
        near = 0 <= col < span and tick > 0 and side * side == 1 and lots <= LOTS_MAX
        if (kind == DEPTH and near and lots >= 0 and s[BOOK] == VALID) and (
            tick * side < s[CROSS + row] and (s[N_TAKEN] == 0 or taken[row, col] == 0)
        ):
            before, levels[row, col] = levels[row, col], lots
            ahead = (col - top[row]) * side
            if ahead > 0 and lots > 0:
                top[row] = col
            elif ahead == 0 and lots == 0:
                scan(levels, top, row)
            if tick * side >= s[QUEUE + row]:
                requeue(m, side, tick, before, lots)
        elif (kind == TRADE and near and lots > 0 and s[N_TRADES] < full) and (
            tick * side < s[CROSS + row]
            or (tick * side == s[CROSS + row] and trade_ahead(orders, live, side, tick, lots))
        ):
            note_trade(obs_i, side, lots, lots)
            tape_trade(trades, s, exch, tick, lots, side, 0)
        else:
            if s[N_TRADES] >= full or not has_room_for_a_row(m):
                return NEED_ROOM
            apply_row(m, kind, side, tick, lots)
            seen_bid = -2
        if (word >> 48) & LAST:
            if s[BOOK] != VALID or s[MEETS] != 0 or top[0] >= top[1] or far[1, 1] + far[1, 2] > 0:
                end_message(m)
            if top[0] != seen_bid or top[1] != seen_ask:
                status = note_touch(s, top, far, touches, exch, recv)
                limit = min(limit, s[TOUCH_NS])
                seen_bid, seen_ask = top[0], top[1]
        if s[ERROR] != FINE:
            return BAD
        i += 1
    s[AT] = i
    return status


@compiled_part
def _ours_next(m: Market, arrival: int, more: bool) -> tuple[int, bool]:
    """Return when the next thing of ours happens at the exchange, and if our impact fades then."""
    fades = more and m.s[SHIFT_NS] <= arrival
    return (int(m.s[SHIFT_NS]) if fades else arrival), fades


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
        status = _replay(m, events, limit, min(arrival, s[SHIFT_NS]))
        if status != DONE:
            return status
        if s[REP_TAIL] != reports or s[TOUCH_NS] < limit:
            continue
        more = s[AT] < events.shape[0]
        if not more and not final:
            return NEED_DATA
        next_exch = events[s[AT], 0] if more else NEVER
        next_recv = events[s[AT], 1] if more else NEVER
        at_ns, fades = _ours_next(m, arrival, more)
        due = min(next_recv, known_ns(m, at_ns))
        if at_ns < next_exch and due <= limit:
            roll(m.obs_i, m.obs_f, m.levels, m.top, m.far, due, s[BOOK] == VALID)
            happen(m, at_ns, fades, not more and at_ns > s[EXCH])
            status = note_touch(s, m.top, m.far, m.touches, at_ns, due)
            if status != DONE:
                return status
            continue
        if not more and not in_flight(s):
            s[ENDED] = 1
            limit = min(limit, max(s[NOW], s[RECV]))
        s[NOW] = max(s[NOW], limit)
        return DONE
    return BAD
