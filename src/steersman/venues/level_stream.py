"""A plain stream of levels and trades for measuring speed: simple to say, quick to make.

It is not a market to trade on (`flow` is): sizes, sides and distances are drawn independently. What
it shares with a busy BTC perpetual is the load: a message each 7.6 ms on average (139 rows a
second), one in ten a market order with a Pareto tail that trades level by level and is followed by
the level it left, the others changes of levels at exponential distances from the touch, 200 levels
a side at the start, received 1 to 8 ms later, and a book that is never crossed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import compiled, compiled_part
from steersman.marketdata.events import CLEAR, DEPTH, LAST, SNAPSHOT, TRADE
from steersman.venues.draws import exponential, pareto, uniform

__all__ = ["LEVELS", "MID_TICK", "ROWS_LEAST", "new_stream", "write_stream"]

I64 = npt.NDArray[np.int64]

LEVELS: Final = 200
MID_TICK: Final = 1_000_000
ROWS_LEAST: Final = 2 * LEVELS + 16  # that a batch must have room for
_SPAN: Final = 400_000
_BASE: Final = MID_TICK - _SPAN // 2
_HOPS: Final = 5  # levels that one market order trades at most
_STREAM: Final = 11  # of `draws`

# The state
_NUMBER, _TIME, _RECV, _BID, _ASK = range(5)


def new_stream(start_ns: int) -> tuple[I64, I64]:
    """Return the book (lots, int64[2, span]) and the state of a stream that has not begun."""
    state = np.array([0, start_ns, 0, MID_TICK - _BASE, MID_TICK - _BASE + 1], np.int64)
    return np.zeros((2, _SPAN), np.int64), state


@compiled_part
def _put(
    out: I64, at: int, exch: int, recv: int, kind: int, side: int, tick: int, lots: int, last: int
) -> int:
    out[at, 0], out[at, 1], out[at, 2] = exch, recv, lots
    out[at, 3] = tick | (kind << 32) | ((side & 255) << 40) | (last << 48)
    return at + 1


@compiled_part
def _settle(book: I64, state: I64) -> None:
    """Move both bests outwards to levels that hold something."""
    while book[0, state[_BID]] == 0:
        state[_BID] -= 1
    while book[1, state[_ASK]] == 0:
        state[_ASK] += 1


@compiled_part
def _begin(seed: int, book: I64, state: I64, out: I64) -> int:
    exch = state[_TIME]
    recv = exch + 2_000_000
    state[_RECV] = recv
    at = _put(out, 0, exch, recv, CLEAR, 0, 0, 0, 0)
    for row in range(2):
        side = 1 - 2 * row
        for k in range(LEVELS):
            col = state[_BID + row] - side * k
            lots = int(1_500.0 * exponential(uniform(seed, _STREAM, -1 - row, k))) + 1
            book[row, col] = lots
            last = LAST if row == 1 and k + 1 == LEVELS else 0
            at = _put(out, at, exch, recv, SNAPSHOT, side, col + _BASE, lots, last)
    return at


@compiled_part
def _market_order(seed: int, number: int, book: I64, state: I64, out: I64, at: int) -> int:
    """Write the trades of a market order, each followed by what is left of its level."""
    exch, recv = state[_TIME], state[_RECV]
    side = 1 if uniform(seed, _STREAM, number, 3) < 0.5 else -1
    row = (1 + side) >> 1
    left = int(40.0 * (pareto(uniform(seed, _STREAM, number, 4), 1.6) - 1.0)) + 1
    for hop in range(_HOPS):
        col = state[_BID + row]
        lots = min(left, book[row, col])
        left -= lots
        book[row, col] -= lots
        last = LAST if left == 0 or hop + 1 == _HOPS else 0
        at = _put(out, at, exch, recv, TRADE, side, col + _BASE, lots, 0)
        at = _put(out, at, exch, recv, DEPTH, -side, col + _BASE, book[row, col], last)
        _settle(book, state)
        if left == 0:
            break
    return at


@compiled_part
def _level(seed: int, number: int, book: I64, state: I64, out: I64, at: int) -> int:
    """Write a level's new size: more of it, less of it, or a quote inside a wide spread."""
    side = 1 if uniform(seed, _STREAM, number, 3) < 0.5 else -1
    row = (1 - side) >> 1
    u = uniform(seed, _STREAM, number, 4)
    drawn = exponential(uniform(seed, _STREAM, number, 5))
    if state[_ASK] - state[_BID] > 1 and u < 0.55:
        col = state[_BID + row] + side
        lots = int(1_000.0 * drawn) + 1
    else:
        col = state[_BID + row] - side * int(12.0 * drawn)
        held = book[row, col]
        v = uniform(seed, _STREAM, number, 6)
        w = uniform(seed, _STREAM, number, 7)
        if v < 0.48 and held > 0:
            lots = 0 if v < 0.48 * 0.35 else int(held * w)
        else:
            lots = held + int(800.0 * exponential(w)) + 1
    book[row, col] = lots
    if lots > 0 and (col - state[_BID + row]) * side > 0:
        state[_BID + row] = col
    _settle(book, state)
    return _put(out, at, state[_TIME], state[_RECV], DEPTH, side, col + _BASE, lots, LAST)


@compiled
def write_stream(seed: int, book: I64, state: I64, out: I64) -> int:
    """Go on with the stream into `out` int64[n, 4], rows of `EVENT`; return the rows written.

    Only whole messages are written, so up to 2 x hops rows stay free; `out` must hold at least
    `ROWS_LEAST`. Returns -1 where the price has left the range that is kept.
    """
    at = _begin(seed, book, state, out) if state[_NUMBER] == 0 else 0
    while at + 2 * _HOPS <= out.shape[0]:
        number = state[_NUMBER]
        state[_NUMBER] = number + 1
        state[_TIME] += int(7.6e6 * exponential(uniform(seed, _STREAM, number, 0))) + 1
        delay = 1_000_000 + int(2e6 * exponential(uniform(seed, _STREAM, number, 1)))
        state[_RECV] = max(state[_RECV], state[_TIME] + delay)
        if uniform(seed, _STREAM, number, 2) < 0.10:
            at = _market_order(seed, number, book, state, out, at)
        else:
            at = _level(seed, number, book, state, out, at)
        if state[_BID] < 2_000 or state[_ASK] > _SPAN - 2_000:
            return -1
    return at
