"""Run a generated market: the background's next event, our own orders in their exact places.

Here nothing has to be guessed: every lot of the background is known, so a queue is exact. Levels
hold the lots of others only; our orders stand beside them, first come, first served. An order that
comes to our price trades with us; a cancel takes a run of lots that begins at a drawn place of the
queue, so it begins ahead of us with probability ahead / (ahead + behind).

Every event of the exchange reaches us after the feed latency. Of the next event only the time is
known: a request that arrives first is applied first, and the event is then drawn on that book.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import best, compiled, compiled_part, put, scan
from steersman.marketdata.observer import NEXT, note_trade, roll
from steersman.venues import flow as flows
from steersman.venues.draws import PLACES, uniform
from steersman.venues.flow import Script
from steersman.venues.kernel import bounds, has_room, in_flight, note_touch
from steersman.venues.latency import FEED, delay_ns
from steersman.venues.latent import EVENT
from steersman.venues.market import (
    AHEAD,
    BOOK,
    DONE,
    END_NS,
    ENDED,
    EXCH,
    FEED_LATENCY,
    FILLED,
    LEVELS_MAX,
    LOTS,
    N_TRADES,
    NEED_ROOM,
    NEVER,
    NOW,
    RECV,
    REP_TAIL,
    ROOM,
    SEED,
    SIDE,
    TICK,
    TOUCH_NS,
    VALID,
    Market,
)
from steersman.venues.matching import (
    answer,
    cross_front,
    fill,
    front,
    known_ns,
    pass_queue,
    tape_trade,
)

__all__ = ["Flow", "apply_alone", "copied_flow", "new_background", "run_generated"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_QUEUE_DRAW: Final = 9  # number of the draw, in the stream of places, of where a cancel begins


class Flow(NamedTuple):
    """The background: parameters, what the seed decided before, state, and room for one event."""

    params: F64
    script: Script
    flow_i: I64
    flow_f: F64
    out: I64


def copied_flow(f: Flow) -> Flow:
    """Return a background that goes on as `f` would; only what never changes is shared."""
    return Flow(
        params=f.params,
        script=f.script,
        flow_i=f.flow_i.copy(),
        flow_f=f.flow_f.copy(),
        out=f.out.copy(),
    )


def new_background(
    m: Market, params: F64, script: Script, *, seed: int, start_ns: int, end_ns: int, mid_tick: int
) -> Flow:
    """Fill the book of a new market around `mid_tick` and return its background at `start_ns`."""
    m.s[SEED], m.s[END_NS], m.s[BOOK] = seed, end_ns, VALID
    flows.seed_book(params, seed, mid_tick, m.levels, m.top)
    flow_i, flow_f = flows.new_flow(params, seed, start_ns, mid_tick)
    return Flow(params, script, flow_i, flow_f, np.zeros(flows.OUT, np.int64))


# -- events where we stand in the way -------------------------------------------------------------
@compiled_part
def _sweep(m: Market, side: int, lots: int) -> None:
    """Let a taker of the background trade by price, then time, with others and with us."""
    s, row = m.s, 1 if side > 0 else 0
    exch_ns = s[EXCH]
    left = lots
    ours = 0
    for _ in range(LEVELS_MAX):
        tick = best(m.top, m.far, row)
        k = front(m.orders, m.live, -side)
        if left == 0 or (tick == 0 and k < 0):
            break
        others = m.levels[row, tick - m.top[2]] if tick > 0 else 0
        if k >= 0:
            order = m.orders[m.live[k]]
            behind = tick > 0 and (order[TICK] - tick) * side > 0
            if not behind:
                others = min(others, order[AHEAD]) if order[TICK] == tick else 0
                if others == 0:
                    x = min(left, order[LOTS] - order[FILLED])
                    fill(m, m.live[k], exch_ns, order[TICK], x, True)
                    left -= x
                    ours += x
                    continue
        x = min(left, others)
        put(m.levels, m.top, m.far, row, tick, m.levels[row, tick - m.top[2]] - x)
        pass_queue(m.orders, m.live, -side, tick, x)
        tape_trade(m.trades, s, exch_ns, tick, x, side, 0)
        left -= x
    note_trade(m.obs_i, side, lots - left, lots - left - ours)


@compiled_part
def _cancel(m: Market, side: int, tick: int, lots: int, number: int) -> None:
    """Take `lots` of others out of the queue at a price where we stand, from a drawn place on."""
    row, col = (0 if side > 0 else 1), tick - m.top[2]
    held = m.levels[row, col]
    begin = int(uniform(m.s[SEED], PLACES, number, _QUEUE_DRAW) * held)
    begin = min(begin, held - lots)
    for k in range(1, m.live[0] + 1):
        order = m.orders[m.live[k]]
        if order[SIDE] == side and order[TICK] == tick:
            order[AHEAD] -= max(0, min(begin + lots, order[AHEAD]) - begin)


@compiled
def _apply(m: Market, f: Flow, op: int, side: int, tick: int, lots: int) -> None:
    """Apply an event of the background while we have orders in the book."""
    s = m.s
    if op == flows.MARKET:
        _sweep(m, side, lots)
        return
    row = 0 if side > 0 else 1
    if op == flows.CANCEL:
        _cancel(m, side, tick, lots, f.flow_i[EVENT])
        lots = -lots
    else:
        ours = cross_front(m, side, tick, lots, s[EXCH])
        if ours > 0:
            note_trade(m.obs_i, side, ours, 0)
        lots -= ours
    put(m.levels, m.top, m.far, row, tick, m.levels[row, tick - m.top[2]] + lots)


# -- events while we have none --------------------------------------------------------------------
@compiled
def apply_alone(levels: I64, top: I64, trades: I64, obs_i: I64, s: I64, out: I64) -> None:
    """Apply an event of the background while we have no order in the book."""
    op, side, lots = out[1], out[2], out[4]
    row = (1 - side) >> 1
    if op != flows.MARKET:
        col = out[3] - top[2]
        if op == flows.CANCEL:
            levels[row, col] -= lots
            if col == top[row]:
                scan(levels, top, row)
        else:
            levels[row, col] += lots
            if (col - top[row]) * side > 0 and lots > 0:
                top[row] = col
        return
    row = 1 - row
    left = lots
    for _ in range(LEVELS_MAX):
        col = top[row]
        if left == 0 or col < 0 or col >= top[3]:
            break
        x = min(left, levels[row, col])
        levels[row, col] -= x
        left -= x
        tape_trade(trades, s, s[EXCH], col + top[2], x, side, 0)
        scan(levels, top, row)
    note_trade(obs_i, side, lots - left, lots - left)


@compiled_part
def _received_ns(m: Market, number: int, exch_ns: int) -> int:
    """Return when event `number` of `exch_ns` reaches us: never before the one before it."""
    if exch_ns == NEVER:
        return NEVER
    took = delay_ns(m.feed, m.s[SEED], FEED, number, exch_ns)
    return int(max(m.s[RECV], exch_ns + took))


@compiled_part
def _generate(m: Market, f: Flow, limit: int, arrival: int) -> int:
    """Process events known by `limit` and made by `arrival`; stop after anything of ours."""
    s, top, levels, far, live = m.s, m.top, m.levels, m.far, m.live
    obs_i, obs_f, touches, trades = m.obs_i, m.obs_f, m.touches, m.trades
    params, script, flow_i, flow_f, out = f.params, f.script, f.flow_i, f.flow_f, f.out
    seed, latency, end_ns, reports = s[SEED], s[FEED_LATENCY], s[END_NS], s[REP_TAIL]
    seen_bid = seen_ask = -2
    while s[REP_TAIL] == reports:
        exch = flows.next_ns(params, seed, flow_i, flow_f, script)
        recv = exch + latency if latency >= 0 else _received_ns(m, flow_i[EVENT], exch)
        if recv > limit or exch > arrival or exch > end_ns:
            return DONE
        if recv >= obs_i[NEXT]:
            roll(obs_i, obs_f, levels, top, far, recv, True)
        flows.next_event(params, seed, flow_i, flow_f, script, levels, top, out)
        s[EXCH], s[RECV] = exch, recv
        if live[0] == 0:
            apply_alone(levels, top, trades, obs_i, s, out)
        else:
            _apply(m, f, out[1], out[2], out[3], out[4])
        if top[0] != seen_bid or top[1] != seen_ask:
            status = note_touch(s, top, far, touches, exch, recv)
            if status != DONE:
                return status
            limit = min(limit, s[TOUCH_NS])
            seen_bid, seen_ask = top[0], top[1]
        if s[N_TRADES] + ROOM >= trades.shape[0]:
            return NEED_ROOM
    return DONE


@compiled
def run_generated(m: Market, f: Flow, until_ns: int) -> int:
    """Run to `until_ns` local time, or to an own report, or to where the touch leaves the watched.

    Returns DONE with `s[NOW]` reached, or NEED_ROOM, or BAD where the flow has crossed the book.
    `s[ENDED]` is set at `s[END_NS]`, once nothing of ours is on its way; orders that arrive later
    are rejected.
    """
    s = m.s
    while has_room(m):
        limit, arrival = bounds(m, until_ns)
        reports = s[REP_TAIL]
        status = _generate(m, f, limit, arrival)
        if status != DONE:
            return status
        if s[REP_TAIL] != reports or s[TOUCH_NS] < limit:
            continue
        next_exch = flows.next_ns(f.params, s[SEED], f.flow_i, f.flow_f, f.script)
        if next_exch > s[END_NS]:
            next_exch = NEVER
        due = min(known_ns(m, arrival), _received_ns(m, f.flow_i[EVENT], next_exch))
        if arrival < next_exch and due <= limit:
            roll(m.obs_i, m.obs_f, m.levels, m.top, m.far, due, True)
            took = answer(m, arrival > s[END_NS])
            if took != 0:
                flows.note_trade(f.params, f.flow_f, 1 if took > 0 else -1, abs(took))
            status = note_touch(s, m.top, m.far, m.touches, arrival, due)
            if status != DONE:
                return status
            continue
        if limit >= s[END_NS] and not in_flight(s):
            s[ENDED] = 1
            limit = min(limit, max(s[NOW], s[END_NS]))
        s[NOW] = max(s[NOW], limit)
        return DONE
    return NEED_ROOM
