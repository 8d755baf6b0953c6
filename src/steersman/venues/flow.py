"""The background of a generated market: what everybody else does, one event at a time.

Everybody else quotes around a latent price that nobody sees. It moves by a seeded random walk with
changing volatility and jumps (`environment`), by the drift of news and regimes, and by trades: each
taker order, ours included, pushes it, and the push fades (`latent`). Quotes follow it, takers come
in bursts and in runs of one sign (each works a hidden order), and depth is refilled at the
distances where it lies. There is no formula for the cost of an order anywhere: it is what the book
and the quotes do.

Times, kinds, sides of takers and sizes of events are functions of the seed and the event's number
alone; only where a quote is placed or cancelled looks at the book. So two runs of one seed stay on
the same background whatever we do, and differ only where our own orders have moved the price.
Forced orders of those who are liquidated come between the events and are not numbered with them.

The book is `levels` int64[2, span] (row 0 bids, row 1 asks; lots per level, column = tick - base)
and `top` int64[4] = best bid's column or -1, best ask's column or span, base tick, span. With the
state of `latent` these four arrays are everything; copying them branches the market.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues import draws
from steersman.venues.derivatives import begin_perpetual, force, trade_interest
from steersman.venues.draws import key, uniform, uniform_of
from steersman.venues.environment import begin_factors, step
from steersman.venues.latent import (
    AHEAD,
    CLOCK,
    DEPTH,
    EVENT,
    FLOW_F,
    FLOW_I,
    FORCED_NS,
    HIDDEN,
    INFORMED,
    KEY,
    LATENT,
    RATE,
    ROLE,
    SLOTS,
    STEP_END,
    TILT,
    Script,
    latent_ticks,
    leave,
    note_trade,
    push,
)
from steersman.venues.parameters import (
    P_AFTER,
    P_DEEP_LOTS,
    P_MARKET_SHARE,
    P_OPEN_INTEREST,
    P_REACTION_NS,
    P_SIZE_MAX,
    P_SIZES,
    P_SPAN_MARGIN,
    P_TAIL_ALPHA,
    P_TAIL_START,
    P_TOUCH_LOTS,
    SIZES_BODY,
    flow_params,
)
from steersman.venues.presets import PRESETS, START_NS, FlowPreset, preset_for, volume_curve
from steersman.venues.quotes import cancel, exponential_lots, place_deep, place_touch, seed_book

__all__ = [
    "ADD",
    "CANCEL",
    "FLOW_F",
    "FLOW_I",
    "MARKET",
    "OUT",
    "PRESETS",
    "START_NS",
    "FlowPreset",
    "Script",
    "apply_event",
    "flow_params",
    "latent_ticks",
    "new_flow",
    "next_event",
    "next_ns",
    "note_trade",
    "preset_for",
    "seed_book",
    "volume_curve",
    "warm_up",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ADD: Final = 1
CANCEL: Final = 2
MARKET: Final = 3
OUT: Final = 5  # exch_ns, op, side, tick, lots

# roles of events
_HEAD: Final = 0
_TOUCH_ADD: Final = 1
_DEEP_ADD: Final = 2
_DEEP_CANCEL: Final = 3

# draws of one event, by number
_TIME, _TAKES, _NEXT, _SIZE, _PLACE, _WHERE = range(6)
_TILTED, _SLOT, _LENGTH, _SIDE, _INTEREST = range(6, 11)

_HIDDEN_ALPHA: Final = 1.5  # of the length of hidden orders: sign memory like lag^-(alpha - 1)
_HIDDEN_LEAST: Final = 10.0
_HIDDEN_MOST: Final = 2_000.0


def new_flow(params: F64, seed: int, start_ns: int, mid_tick: int) -> tuple[I64, F64]:
    """Return the flow's state at `start_ns` around `mid_tick`: flow_i, flow_f."""
    flow_i = np.zeros(FLOW_I, dtype=np.int64)
    flow_f = np.zeros(FLOW_F, dtype=np.float64)
    flow_i[CLOCK] = flow_i[STEP_END] = start_ns
    flow_f[LATENT] = mid_tick + 0.5
    flow_f[DEPTH] = 1.0
    begin_factors(params, seed, flow_f)
    _begin_orders(seed, flow_i)
    if params[P_OPEN_INTEREST] > 0.0:
        begin_perpetual(params, seed, flow_i, flow_f, start_ns)
    return flow_i, flow_f


@njit(cache=True)
def _begin_orders(seed: int, flow_i: I64) -> None:
    for j in range(HIDDEN):
        u = uniform(seed, draws.SIGNS, -1, 2 * j)
        flow_i[SLOTS + j] = _hidden_order(u, uniform(seed, draws.SIGNS, -1, 2 * j + 1))


# -- time -----------------------------------------------------------------------------------------
@njit(cache=True, inline="always")
def _advance(params: F64, seed: int, flow_i: I64, flow_f: F64, script: Script) -> None:
    """Move the clock to the next event: soon for a reaction, at the current rate for a head."""
    word = key(seed, draws.EVENTS, flow_i[EVENT])
    flow_i[KEY] = np.int64(word)
    u = uniform_of(word, _TIME)
    if flow_i[ROLE] != _HEAD:
        clock = flow_i[CLOCK] + np.int64(params[P_REACTION_NS] + u * params[P_REACTION_NS + 1])
        while clock >= flow_i[STEP_END]:
            step(params, seed, flow_i, flow_f, script)
        flow_i[CLOCK] = clock
        return
    left = -math.log(u)
    at = flow_i[CLOCK]
    while True:
        need = left / flow_f[RATE] if flow_f[RATE] > 0.0 else math.inf
        if need < flow_i[STEP_END] - at:
            flow_i[CLOCK] = at + max(1, np.int64(need))
            return
        left -= flow_f[RATE] * (flow_i[STEP_END] - at)
        at = flow_i[STEP_END]
        step(params, seed, flow_i, flow_f, script)


@njit(cache=True, inline="always")
def _next_role(params: F64, role: int, u: float) -> int:
    """Return what follows: a head is answered at the touch, then deeper, then quiet."""
    if role == _HEAD:
        return _TOUCH_ADD
    if role == _TOUCH_ADD:
        return _DEEP_ADD if u < params[P_AFTER] else _HEAD
    if role == _DEEP_ADD:
        return _DEEP_CANCEL if u < params[P_AFTER + 1] else _HEAD
    return _TOUCH_ADD if u < params[P_AFTER + 2] else _HEAD


# -- takers ---------------------------------------------------------------------------------------
@njit(cache=True)
def _hidden_order(u: float, v: float) -> int:
    """Return a new hidden order: signed number of taker orders, heavy-tailed."""
    length = min(_HIDDEN_MOST, _HIDDEN_LEAST * u ** (-1.0 / _HIDDEN_ALPHA))
    return int(length) if v < 0.5 else -int(length)


@njit(cache=True, inline="always")
def _take(params: F64, word: np.uint64, size: float, flow_i: I64, flow_f: F64, out: I64) -> None:
    """Write a taker order: of the hidden order whose turn it is, or pulled by the coming move.

    Large takers (`size` is the quantile) know more of it.
    """
    lots = _taker_lots(params, size)
    out[1], out[3], out[4] = MARKET, 0, lots
    if uniform_of(word, _TILTED) < abs(flow_f[TILT]) * (0.5 + size):
        out[2] = 1 if flow_f[TILT] > 0.0 else -1
        push(params, flow_f, INFORMED, out[2], lots)
        return
    slot = int(uniform_of(word, _SLOT) * HIDDEN)
    left = flow_i[SLOTS + slot]
    side = 1 if left > 0 else -1
    push(params, flow_f, slot, side, lots)
    left -= side
    if left == 0:
        leave(flow_f, slot)
        left = _hidden_order(uniform_of(word, _LENGTH), uniform_of(word, _SIDE))
    flow_i[SLOTS + slot] = left
    out[2] = side


@njit(cache=True, inline="always")
def _taker_lots(params: F64, u: float) -> int:
    """Return the size at quantile `u`: a table below p99, a Pareto tail above, capped."""
    if u < 0.99:
        at = u * (SIZES_BODY / 0.9) if u < 0.9 else SIZES_BODY + (u - 0.9) * (SIZES_BODY / 0.09)
        cell = int(at)
        low = params[P_SIZES + cell]
        lots = low + (params[P_SIZES + cell + 1] - low) * (at - cell)
    else:
        tail = ((1.0 - u) * 100.0) ** (-1.0 / params[P_TAIL_ALPHA])
        lots = min(params[P_TAIL_START] * tail, params[P_SIZE_MAX])
    return max(1, int(lots))


# -- the event ------------------------------------------------------------------------------------
@njit(cache=True, inline="always")
def next_ns(params: F64, seed: int, flow_i: I64, flow_f: F64, script: Script) -> int:
    """Return when the next background event happens, and let the clock stand there.

    What we do before that time goes to the book first; `next_event` then looks at the book as it
    is. To ask again changes nothing.
    """
    if flow_i[AHEAD] == 0:
        _advance(params, seed, flow_i, flow_f, script)
        flow_i[AHEAD] = 1
    if 0 < flow_i[FORCED_NS] < flow_i[CLOCK]:
        return int(flow_i[FORCED_NS])
    return int(flow_i[CLOCK])


@njit(cache=True)
def next_event(
    params: F64,
    seed: int,
    flow_i: I64,
    flow_f: F64,
    script: Script,
    levels: I64,
    top: I64,
    out: I64,
) -> None:
    """Write the next background event into `out` int64[5] and advance the flow.

    out = exch_ns, op (ADD, CANCEL, MARKET), side (+1 bid, -1 ask; of MARKET the aggressor: +1
    buys), tick (absolute; MARKET: 0), lots. A CANCEL never exceeds what its level holds and an ADD
    never crosses the background's other side; a CANCEL of 0 lots is possible where a side is empty.
    It is legal on the book as it is now: the caller applies it before anything else, having asked
    `next_ns` where it must know the time before.
    """
    if flow_i[AHEAD] == 0:
        _advance(params, seed, flow_i, flow_f, script)
        flow_i[AHEAD] = 1
    out[0] = flow_i[CLOCK]
    if 0 < flow_i[FORCED_NS] < out[0]:
        out[0] = flow_i[FORCED_NS]
        lots = force(params, seed, flow_i, flow_f)
        out[1], out[2], out[3], out[4] = MARKET, 1 if lots > 0 else -1, 0, abs(lots)
        return
    flow_i[AHEAD] = 0
    word = np.uint64(flow_i[KEY])
    role = flow_i[ROLE]
    flow_i[EVENT] += 1
    flow_i[ROLE] = _next_role(params, role, uniform_of(word, _NEXT))
    size = uniform_of(word, _SIZE)
    if role == _HEAD and uniform_of(word, _TAKES) < params[P_MARKET_SHARE]:
        _take(params, word, size, flow_i, flow_f, out)
        if params[P_OPEN_INTEREST] > 0.0:
            trade_interest(params, flow_f, out[4], uniform_of(word, _INTEREST))
        return
    latent = latent_ticks(flow_i, flow_f) - top[2]
    margin = min(params[P_SPAN_MARGIN], 0.25 * top[3])
    latent = max(margin, min(top[3] - margin, latent))
    u = uniform_of(word, _PLACE)
    v = uniform_of(word, _WHERE)
    if role == _TOUCH_ADD:
        out[1] = ADD
        out[4] = exponential_lots(params[P_TOUCH_LOTS] * flow_f[DEPTH], size)
        place_touch(params, latent, levels, top, u, out)
    elif role == _DEEP_ADD:
        out[1] = ADD
        out[4] = exponential_lots(params[P_DEEP_LOTS] * flow_f[DEPTH], size)
        if top[1] - top[0] > 1:
            place_touch(params, latent, levels, top, u, out)
        else:
            place_deep(params, latent, top, u, v, out)
    else:
        out[1] = CANCEL
        cancel(params, latent, levels, top, role == _HEAD, u, v, out)
    out[3] += top[2]


# -- the start ------------------------------------------------------------------------------------
@njit(cache=True)
def apply_event(levels: I64, top: I64, out: I64) -> int:
    """Apply a background event to a book without own orders; return the lots it traded."""
    if out[1] == MARKET:
        return _sweep(levels, top, out[2], out[4])
    row = 0 if out[2] > 0 else 1
    col = out[3] - top[2]
    if out[1] == ADD:
        levels[row, col] += out[4]
        top[row] = max(top[0], col) if row == 0 else min(top[1], col)
    else:
        levels[row, col] -= out[4]
        _refresh(levels, top, row)
    return 0


@njit(cache=True)
def _sweep(levels: I64, top: I64, side: int, lots: int) -> int:
    row = 1 if side > 0 else 0
    left = lots
    while left > 0 and 0 <= top[row] < top[3]:
        taken = min(left, levels[row, top[row]])
        levels[row, top[row]] -= taken
        left -= taken
        _refresh(levels, top, row)
    return lots - left


@njit(cache=True)
def _refresh(levels: I64, top: I64, row: int) -> None:
    """Move the best of a side to the next level that holds something."""
    col = top[row]
    step = -1 if row == 0 else 1
    while 0 <= col < top[3] and levels[row, col] == 0:
        col += step
    top[row] = col


def warm_up(
    params: F64, seed: int, flow_i: I64, flow_f: F64, levels: I64, top: I64, until_ns: int
) -> int:
    """Let a calm flow work on a book without own orders up to `until_ns`; return its last event.

    The time is ns. The first event after `until_ns` is left for the caller: nothing later has been
    applied.
    """
    return int(_warm_up(params, seed, flow_i, flow_f, levels, top, until_ns, Script.empty()))


@njit(cache=True)
def _warm_up(
    params: F64,
    seed: int,
    flow_i: I64,
    flow_f: F64,
    levels: I64,
    top: I64,
    until_ns: int,
    script: Script,
) -> int:
    out = np.zeros(OUT, dtype=np.int64)
    last = flow_i[CLOCK]
    while next_ns(params, seed, flow_i, flow_f, script) <= until_ns:
        next_event(params, seed, flow_i, flow_f, script, levels, top, out)
        last = out[0]
        apply_event(levels, top, out)
    return int(last)
