"""Two schedules compiled to run beside the kernel: a passive peg, and a taker that only crosses.

At every step the strategy looks at the book as it is known locally. Each slice adds `SLICE_LOTS` to
what should be bought or sold; until the slice ends the peg rests what is open of it at the near
touch, post-only, and follows the touch: cancel, wait until the order is over, place again. At the
end of the slice what is left of it crosses by an IOC limit `REACH_TICKS` beyond the far touch. The
taker lets nothing rest and crosses at once. Requests take the order latency to arrive, reports the
report latency to return; a resting order waits its turn in the queue, as for any other strategy.

At most one order is alive at any time, so the sum of fills never exceeds the quantity, and all that
is missing when the market ends is told by `FILLED` being less than the whole.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.errors import UsageError
from steersman.marketdata.book import best, compiled, compiled_part
from steersman.venues.kernel import run_recorded
from steersman.venues.market import (
    ACTION,
    ARRIVAL,
    BOOK,
    CANCEL,
    CANCELLED,
    DELIVER,
    DONE,
    ENDED,
    KIND,
    NEED_ROOM,
    NEVER,
    NOW,
    PLACE,
    REJECTED,
    REP_HEAD,
    REP_LOTS,
    REP_SERIAL,
    REP_TAIL,
    REQ_HEAD,
    REQ_IOC,
    REQ_LOTS,
    REQ_SIDE,
    REQ_TAIL,
    REQ_TICK,
    SERIAL,
    TOUCH_NS,
    TRADED,
    VALID,
    Market,
)

__all__ = ["CANCELS", "FILLED", "PLACED", "SERIALS", "new_peg", "run_peg"]

I64 = npt.NDArray[np.int64]

# What the strategy is
STEP_NS: Final = 0
STEPS: Final = 1  # in one slice
SLICES: Final = 2
SLICE_LOTS: Final = 3
OWN_SIDE: Final = 4  # +1 buy, -1 sell
REACH_TICKS: Final = 5
PASSIVE: Final = 6  # whether it rests before it crosses
LATENCY_NS: Final = 7  # of a request

# Where it stands
NEXT_NS: Final = 8  # the next step
STEP: Final = 9  # steps made
FILLED: Final = 10  # lots
CHILD: Final = 11  # serial of the living order, or -1
CHILD_TICK: Final = 12
CHILD_LEFT: Final = 13
CHILD_STATE: Final = 14
SERIALS: Final = 15  # rows of orders that are given out, by anybody
PLACED: Final = 16  # orders sent
CANCELS: Final = 17  # cancels sent
PEG: Final = 18

_NONE, _RESTING, _TAKING, _LEAVING = range(4)


def new_peg(
    *,
    start_ns: int,
    step_ns: int,
    steps: int,
    slices: int,
    slice_lots: int,
    side: int,
    reach_ticks: int,
    passive: bool,
    order_latency_ns: int,
) -> I64:
    """Return a strategy that makes its first step `step_ns` after `start_ns`.

    `slices` of `steps` steps each, `slice_lots` a slice, `side` +1 to buy and -1 to sell. Raises
    UsageError where a number makes no sense.
    """
    if min(step_ns, steps, slices, slice_lots) < 1 or side not in (1, -1) or reach_ticks < 0:
        raise UsageError("no such strategy", "give positive steps, slices and lots, and a side")
    if slices * slice_lots >= NEVER or order_latency_ns < 0:
        raise UsageError("a quantity or latency out of range", "give smaller numbers")
    p = np.zeros(PEG, np.int64)
    p[STEP_NS], p[STEPS], p[SLICES], p[SLICE_LOTS] = step_ns, steps, slices, slice_lots
    p[OWN_SIDE], p[REACH_TICKS], p[PASSIVE] = side, reach_ticks, passive
    p[LATENCY_NS], p[NEXT_NS], p[CHILD] = order_latency_ns, start_ns + step_ns, -1
    return p


@compiled_part
def _request(m: Market, p: I64, action: int, serial: int, tick: int, lots: int, ioc: int) -> None:
    """Append a request that is sent now; there is room for it."""
    s, requests = m.s, m.requests
    if s[REQ_HEAD] == s[REQ_TAIL]:
        s[REQ_HEAD] = s[REQ_TAIL] = 0
    at = s[REQ_TAIL]
    s[REQ_TAIL] = at + 1
    requests[at, ARRIVAL], requests[at, ACTION] = s[NOW] + p[LATENCY_NS], action
    requests[at, SERIAL], requests[at, REQ_SIDE] = serial, p[OWN_SIDE]
    requests[at, REQ_TICK], requests[at, REQ_LOTS], requests[at, REQ_IOC] = tick, lots, ioc


@compiled_part
def _place(m: Market, p: I64, tick: int, lots: int, ioc: bool) -> None:
    _request(m, p, PLACE, p[SERIALS], tick, lots, 1 if ioc else 0)
    p[CHILD], p[CHILD_TICK], p[CHILD_LEFT] = p[SERIALS], tick, lots
    p[CHILD_STATE] = _TAKING if ioc else _RESTING
    p[SERIALS] += 1
    p[PLACED] += 1


@compiled_part
def _cancel(m: Market, p: I64) -> None:
    _request(m, p, CANCEL, p[CHILD], 0, 0, 0)
    p[CHILD_STATE] = _LEAVING
    p[CANCELS] += 1


@compiled_part
def _hear(m: Market, p: I64) -> None:
    """Take in the reports that have arrived: what was filled, and whether the order is over."""
    s, reports = m.s, m.reports
    while s[REP_HEAD] < s[REP_TAIL] and reports[s[REP_HEAD], DELIVER] <= s[NOW]:
        at = s[REP_HEAD]
        s[REP_HEAD] = at + 1
        if reports[at, REP_SERIAL] != p[CHILD]:
            continue
        kind = reports[at, KIND]
        if kind == TRADED:
            p[FILLED] += reports[at, REP_LOTS]
            p[CHILD_LEFT] -= reports[at, REP_LOTS]
        if p[CHILD_LEFT] == 0 or kind == REJECTED or kind == CANCELLED:
            p[CHILD], p[CHILD_STATE] = -1, _NONE
    if s[REP_HEAD] == s[REP_TAIL]:
        s[REP_HEAD] = s[REP_TAIL] = 0


@compiled_part
def _step(m: Market, p: I64) -> None:
    """Look at the book as known now, and send at most one request."""
    p[STEP] += 1
    side, slices = p[OWN_SIDE], min(p[STEP] // p[STEPS], p[SLICES])
    due = slices * p[SLICE_LOTS]
    released = min(slices + p[PASSIVE], p[SLICES]) * p[SLICE_LOTS]
    row = (1 - side) >> 1
    near, away = best(m.top, m.far, row), best(m.top, m.far, 1 - row)
    if m.s[BOOK] != VALID or near == 0 or away == 0:
        return
    if p[CHILD] >= 0:
        if p[CHILD_STATE] == _RESTING and (p[FILLED] < due or near != p[CHILD_TICK]):
            _cancel(m, p)
    elif p[FILLED] < due:
        _place(m, p, max(1, away + side * p[REACH_TICKS]), due - p[FILLED], True)
    elif p[FILLED] < released:
        _place(m, p, near, released - p[FILLED], False)


@compiled
def run_peg(m: Market, events: I64, final: bool, p: I64) -> int:
    """Run the market until the strategy `p` has all it wants, or until the market has ended.

    At the market's end what still rests is withdrawn, so that no order outlives the strategy.
    Returns what `run_recorded` returns; NEED_ROOM also where a request or an order has no row.
    """
    s = m.s
    while p[FILLED] < p[SLICES] * p[SLICE_LOTS]:
        if s[REQ_TAIL] >= m.requests.shape[0] or p[SERIALS] >= m.orders.shape[0]:
            return NEED_ROOM
        if s[ENDED] != 0:
            if p[CHILD_STATE] != _RESTING:
                return DONE
            _cancel(m, p)
            p[NEXT_NS] = NEVER
        elif s[NOW] >= p[NEXT_NS]:
            _step(m, p)
            p[NEXT_NS] += p[STEP_NS]
        s[ENDED], s[TOUCH_NS] = 0, NEVER
        status = run_recorded(m, events, final, p[NEXT_NS])
        if status != DONE:
            return status
        _hear(m, p)
    return DONE
