"""The background of a generated market: what everybody else does, one event at a time.

Everybody else quotes around a latent price that nobody sees. It moves by a seeded random walk with
changing volatility and jumps, by the drift of news, and by trades: each taker order, ours included,
pushes it, and the push decays like a power of time. Quotes follow it, takers come in bursts and in
runs of one sign (each works a hidden order), and depth is refilled at the distances where it lies.
There is no formula for the cost of an order anywhere: it is what the book and the quotes do.

Times, kinds, sides of takers and sizes of events are functions of the seed and the event's number
alone; only where a quote is placed or cancelled looks at the book. So two runs of one seed stay on
the same background whatever we do, and differ only where our own orders have moved the price.

The book is `levels` int64[2, span] (row 0 bids, row 1 asks; lots per level, column = tick - base)
and `top` int64[4] = best bid's column or -1, best ask's column or span, base tick, span. State is
`flow_i` int64[FLOW_I] and `flow_f` float64[FLOW_F]; copying the four arrays branches the market.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues import draws
from steersman.venues.draws import bits, normal_fast, uniform
from steersman.venues.presets import (
    MODES,
    P_AFTER,
    P_COUPLING,
    P_CURVE,
    P_DEEP_LOTS,
    P_FAST,
    P_HURRY,
    P_IMPACT,
    P_IMPACT_EXPONENT,
    P_JUMP,
    P_LEVELLER,
    P_MARKET_SHARE,
    P_MODES,
    P_PACKETS_PER_NS,
    P_PRESSURE_DECAY,
    P_REACTION_NS,
    P_SIGMA_STEP,
    P_SIZE_MAX,
    P_SIZE_UNIT,
    P_SIZES,
    P_SPAN_MARGIN,
    P_TAIL_ALPHA,
    P_TAIL_START,
    P_TILT,
    P_TOUCH_LOTS,
    PRESETS,
    SIZES_BODY,
    START_NS,
    STEP_NS,
    FlowPreset,
    flow_params,
    preset_for,
    volume_curve,
)
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

# flow_i
CLOCK: Final = 0  # ns of the last event, or of the next where AHEAD
EVENT: Final = 1  # number of the next event
STEP: Final = 2  # number of the current step of the environment
STEP_END: Final = 3  # ns
ROLE: Final = 4  # of the next event
NEWS_ROW: Final = 5  # first row of `drift` that is not yet over
AHEAD: Final = 6  # whether the clock already stands at the next event
SLOTS: Final = 8  # hidden orders of others: signed number of taker orders left in each
HIDDEN: Final = 4
FLOW_I: Final = 16

# flow_f
LATENT: Final = 0  # ticks, without the effect of trades, at the end of the current step
VELOCITY: Final = 1  # ticks per ns within the current step
FAST: Final = 2  # log-volatility, log-volatility, log-activity
SLOW: Final = 3
ACTIVITY: Final = 4
RATE: Final = 5  # packets per ns within the current step
TILT: Final = 6  # -1..1: the pull of the current move on the signs of takers
PRESSURE: Final = 7  # recent signed volume of takers, in median orders
EFFECT: Final = 8  # ticks: sum of the modes
MODE: Final = 9
PENDING: Final = 14  # ticks that the next step moves by: informed takers know it one step ahead
HURRY: Final = 15  # recent size of the latent price's moves, in ordinary steps
FLOW_F: Final = 16

# roles of events
_HEAD: Final = 0
_TOUCH_ADD: Final = 1
_DEEP_ADD: Final = 2
_DEEP_CANCEL: Final = 3

_HIDDEN_ALPHA: Final = 1.5  # of the length of hidden orders: sign memory like lag^-(alpha - 1)
_HIDDEN_LEAST: Final = 5.0
_HIDDEN_MOST: Final = 2_000.0
_HALF_HOUR_NS: Final = 1_800_000_000_000


def new_flow(params: F64, seed: int, start_ns: int, mid_tick: int) -> tuple[I64, F64]:
    """Return the flow's state at `start_ns` around `mid_tick`: flow_i, flow_f."""
    flow_i = np.zeros(FLOW_I, dtype=np.int64)
    flow_f = np.zeros(FLOW_F, dtype=np.float64)
    flow_i[CLOCK] = flow_i[STEP_END] = start_ns
    flow_f[LATENT] = mid_tick + 0.5
    _begin(params, seed, flow_i, flow_f)
    return flow_i, flow_f


@njit(cache=True)
def _begin(params: F64, seed: int, flow_i: I64, flow_f: F64) -> None:
    """Draw the environment from its stationary law (counters below zero)."""
    for n in range(3):
        decay = params[P_FAST + 2 * n]
        sd = params[P_FAST + 2 * n + 1] / math.sqrt(1.0 - decay * decay)
        flow_f[FAST + n] = sd * normal_fast(bits(seed, draws.ENVIRONMENT, -1, n))
    for j in range(HIDDEN):
        u = uniform(seed, draws.SIGNS, -1, 2 * j)
        flow_i[SLOTS + j] = _hidden_order(u, uniform(seed, draws.SIGNS, -1, 2 * j + 1))


@njit(cache=True, inline="always")
def latent_ticks(flow_i: I64, flow_f: F64) -> float:
    """Return the latent price now, in ticks."""
    ahead = flow_f[VELOCITY] * (flow_i[STEP_END] - flow_i[CLOCK])
    return float(flow_f[LATENT] - ahead + flow_f[EFFECT])


@njit(cache=True)
def note_trade(params: F64, flow_f: F64, side: int, lots: int) -> None:
    """Let a taker order of `lots` on `side` (+1 bought, -1 sold) push the latent price.

    To be called once for each own taker order with all that it took; `next_event` does it for the
    background's. The push is concave in the volume of the last second, not of the single order, so
    that cutting one order into many at once changes nothing.
    """
    before = flow_f[PRESSURE]
    after = before + side * lots / params[P_SIZE_UNIT]
    exponent = params[P_IMPACT_EXPONENT]
    push = math.copysign(abs(after) ** exponent, after)
    push -= math.copysign(abs(before) ** exponent, before)
    push *= params[P_IMPACT]
    flow_f[PRESSURE] = after
    total = 0.0
    for k in range(MODES):
        flow_f[MODE + k] += push * params[P_MODES + MODES + k]
        total += flow_f[MODE + k]
    flow_f[EFFECT] = total


# -- time and the environment ---------------------------------------------------------------------
@njit(cache=True)
def _step(params: F64, seed: int, flow_i: I64, flow_f: F64, drift: F64) -> None:
    """Begin the next step of the environment: volatility, activity, move, decay of impact."""
    n = flow_i[STEP]
    begin = flow_i[STEP_END]
    flow_i[STEP] = n + 1
    flow_i[STEP_END] = begin + STEP_NS
    for k in range(3):
        at = P_FAST + 2 * k
        z = normal_fast(bits(seed, draws.ENVIRONMENT, n, k))
        flow_f[FAST + k] = params[at] * flow_f[FAST + k] + params[at + 1] * z
    move = 0.0
    if uniform(seed, draws.JUMPS, n, 0) < params[P_JUMP]:
        move = -params[P_JUMP + 1] * math.log(uniform(seed, draws.JUMPS, n, 1))
        if uniform(seed, draws.JUMPS, n, 2) < 0.5:
            move = -move
        flow_f[ACTIVITY] += params[P_JUMP + 2]
    y = flow_f[FAST] + flow_f[SLOW]
    curve = params[P_CURVE + (begin // _HALF_HOUR_NS) % 48]
    sigma = params[P_SIGMA_STEP] * math.exp(y - params[P_LEVELLER]) * math.sqrt(curve)
    log_activity = params[P_COUPLING] * y + flow_f[ACTIVITY] - params[P_LEVELLER + 1]
    flow_f[RATE] = params[P_PACKETS_PER_NS] * curve * math.exp(log_activity)
    move += sigma * normal_fast(bits(seed, draws.ENVIRONMENT, n, 3))
    move += _news_ticks(flow_i, drift, begin)
    ahead = move
    move, flow_f[PENDING] = flow_f[PENDING], move
    hurry = 0.5 * flow_f[HURRY] + abs(move) / params[P_SIGMA_STEP]
    flow_f[HURRY] = hurry
    flow_f[RATE] *= 1.0 + params[P_HURRY] * max(0.0, hurry - 3.0)
    pull = (ahead + 0.5 * move) / params[P_SIGMA_STEP]
    flow_f[TILT] = max(-1.0, min(1.0, pull)) * params[P_TILT]
    flow_f[VELOCITY] = move / STEP_NS
    flow_f[LATENT] += move
    flow_f[PRESSURE] *= params[P_PRESSURE_DECAY]
    total = 0.0
    for k in range(MODES):
        flow_f[MODE + k] *= params[P_MODES + k]
        total += flow_f[MODE + k]
    flow_f[EFFECT] = total


@njit(cache=True)
def _news_ticks(flow_i: I64, drift: F64, begin: int) -> float:
    """Return the ticks that news moves the latent price by within the step that begins."""
    while flow_i[NEWS_ROW] < drift.shape[0] and drift[flow_i[NEWS_ROW], 1] <= begin:
        flow_i[NEWS_ROW] += 1
    total = 0.0
    for row in range(flow_i[NEWS_ROW], drift.shape[0]):
        if drift[row, 0] >= begin + STEP_NS:
            break
        first = max(drift[row, 0], float(begin))
        last = min(drift[row, 1], float(begin + STEP_NS))
        if last > first:
            total += drift[row, 2] * (last - first) * 1e-9
    return total


@njit(cache=True, inline="always")
def _advance(params: F64, seed: int, flow_i: I64, flow_f: F64, drift: F64) -> None:
    """Move the clock to the next event: soon for a reaction, at the current rate for a head."""
    n = flow_i[EVENT]
    u = uniform(seed, draws.TIMES, n, 0)
    if flow_i[ROLE] != _HEAD:
        clock = flow_i[CLOCK] + np.int64(params[P_REACTION_NS] + u * params[P_REACTION_NS + 1])
        while clock >= flow_i[STEP_END]:
            _step(params, seed, flow_i, flow_f, drift)
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
        _step(params, seed, flow_i, flow_f, drift)


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
def _taker_side(seed: int, n: int, size: float, flow_i: I64, flow_f: F64) -> int:
    """Return +1 or -1: the hidden order whose turn it is, or the pull of the coming move.

    Large takers (`size` is the quantile) know more of it.
    """
    u = uniform(seed, draws.SIGNS, n, 0)
    if u < abs(flow_f[TILT]) * (0.5 + size):
        return 1 if flow_f[TILT] > 0.0 else -1
    slot = SLOTS + int(uniform(seed, draws.SIGNS, n, 1) * HIDDEN)
    left = flow_i[slot]
    side = 1 if left > 0 else -1
    left -= side
    if left == 0:
        left = _hidden_order(uniform(seed, draws.SIGNS, n, 2), uniform(seed, draws.SIGNS, n, 3))
    flow_i[slot] = left
    return side


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
@njit(cache=True)
def next_ns(params: F64, seed: int, flow_i: I64, flow_f: F64, drift: F64) -> int:
    """Return when the next background event happens, and let the clock stand there.

    What we do before that time goes to the book first; `next_event` then looks at the book as it
    is. To ask again changes nothing.
    """
    if flow_i[AHEAD] == 0:
        _advance(params, seed, flow_i, flow_f, drift)
        flow_i[AHEAD] = 1
    return int(flow_i[CLOCK])


@njit(cache=True)
def next_event(
    params: F64, seed: int, flow_i: I64, flow_f: F64, drift: F64, levels: I64, top: I64, out: I64
) -> None:
    """Write the next background event into `out` int64[5] and advance the flow.

    out = exch_ns, op (ADD, CANCEL, MARKET), side (+1 bid, -1 ask; of MARKET the aggressor: +1
    buys), tick (absolute; MARKET: 0), lots. A CANCEL never exceeds what its level holds and an ADD
    never crosses the background's other side; a CANCEL of 0 lots is possible where a side is empty.
    It is legal on the book as it is now: the caller applies it before anything else, having asked
    `next_ns` where it must know the time before. `drift` float64[n, 3] are rows of from_ns, to_ns,
    ticks per second, ordered by from_ns.
    """
    n = flow_i[EVENT]
    if flow_i[AHEAD] == 0:
        _advance(params, seed, flow_i, flow_f, drift)
    flow_i[AHEAD] = 0
    role = flow_i[ROLE]
    flow_i[EVENT] = n + 1
    flow_i[ROLE] = _next_role(params, role, uniform(seed, draws.KINDS, n, 1))
    out[0] = flow_i[CLOCK]
    size = uniform(seed, draws.SIZES, n, 0)
    if role == _HEAD and uniform(seed, draws.KINDS, n, 0) < params[P_MARKET_SHARE]:
        out[1] = MARKET
        out[2] = _taker_side(seed, n, size, flow_i, flow_f)
        out[3] = 0
        out[4] = _taker_lots(params, size)
        note_trade(params, flow_f, out[2], out[4])
        return
    latent = latent_ticks(flow_i, flow_f) - top[2]
    margin = min(params[P_SPAN_MARGIN], 0.25 * top[3])
    latent = max(margin, min(top[3] - margin, latent))
    u = uniform(seed, draws.PLACES, n, 0)
    v = uniform(seed, draws.PLACES, n, 1)
    if role == _TOUCH_ADD:
        out[1] = ADD
        out[4] = exponential_lots(params[P_TOUCH_LOTS], size)
        place_touch(params, latent, levels, top, u, out)
    elif role == _DEEP_ADD:
        out[1] = ADD
        out[4] = exponential_lots(params[P_DEEP_LOTS], size)
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


@njit(cache=True)
def warm_up(
    params: F64, seed: int, flow_i: I64, flow_f: F64, levels: I64, top: I64, until_ns: int
) -> int:
    """Let the flow work on a book without own orders up to `until_ns`; return its last event's ns.

    The first event after `until_ns` is left for the caller: nothing later has been applied.
    """
    out = np.zeros(OUT, dtype=np.int64)
    no_news = np.zeros((0, 3), dtype=np.float64)
    last = flow_i[CLOCK]
    while next_ns(params, seed, flow_i, flow_f, no_news) <= until_ns:
        next_event(params, seed, flow_i, flow_f, no_news, levels, top, out)
        last = out[0]
        apply_event(levels, top, out)
    return int(last)
