"""Where everybody else quotes: places for the orders of the generated flow, and the first book.

Quotes stand around the latent price (given here in columns of the book). The touch follows it:
stale quotes go first, then the spread is closed to one tick, then the thinner side of the touch
grows to its cap; deep orders come and go at the distances where depth is to lie. A place depends on
the book, on the latent price and on the draws handed in, on nothing else.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues import draws
from steersman.venues.draws import uniform
from steersman.venues.parameters import (
    DISTANCES,
    P_CANCEL_FRACTION,
    P_DEEP_LOTS,
    P_DISTANCE,
    P_FAR_LOTS,
    P_GRID,
    P_JOIN,
    P_NEAR,
    P_SEED_ORDERS,
    P_STALE,
    P_TOUCH_SEED,
    P_TRIM_LOTS,
)

__all__ = ["cancel", "exponential_lots", "place_deep", "place_touch", "seed_book"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_SCAN: Final = 512  # levels looked at for one to cancel
_FAR_LEVELS: Final = 400  # sparse levels a side out to the book's ends


@njit(cache=True, inline="always")
def exponential_lots(mean: float, u: float) -> int:
    return 1 + int(-math.log(u) * mean)


@njit(cache=True, inline="always")
def _distance(params: F64, u: float) -> int:
    """Return how far from the latent price a deep order lies, in ticks."""
    at = u * DISTANCES
    cell = int(at)
    low = params[P_DISTANCE + cell]
    return int(low + (params[P_DISTANCE + cell + 1] - low) * (at - cell))


@njit(cache=True)
def place_deep(params: F64, latent: float, top: I64, u: float, v: float, out: I64) -> None:
    """Put an order at a drawn distance from the latent price, never across the other side."""
    side = 1 if u < 0.5 else -1
    far = _distance(params, v)
    grid = int(params[P_GRID])
    col = math.floor(latent) - far if side > 0 else math.floor(latent) + 1 + far
    if grid > 1:
        col = (col // grid) * grid
    col = min(col, top[1] - 1) if side > 0 else max(col, top[0] + 1)
    out[2] = side
    out[3] = max(0, min(top[3] - 1, col))


@njit(cache=True)
def place_touch(params: F64, latent: float, levels: I64, top: I64, u: float, out: I64) -> None:
    """Put an order where the touch is missing, else on its thinner side."""
    bid, ask = top[0], top[1]
    if ask - bid == 1:
        held_bid, held_ask = levels[0, bid], levels[1, ask]
        side = 1 if u * (held_bid + held_ask) < held_ask else -1
        if latent > ask + params[P_STALE]:
            side = 1
        elif latent < bid - params[P_STALE]:
            side = -1
        col = bid if side > 0 else ask
    else:
        by_bid, by_ask = abs(ask - 0.5 - latent), abs(bid + 0.5 - latent)
        if min(by_bid, by_ask) <= params[P_JOIN]:
            side = 1 if by_bid <= by_ask else -1
            col = ask - 1 if side > 0 else bid + 1
        else:
            side = 1 if u < 0.5 else -1
            col = math.floor(latent) + (0 if side > 0 else 1)
            col = max(bid + 1, min(ask - 1, col))
    out[2] = side
    out[3] = max(0, min(top[3] - 1, col))


@njit(cache=True)
def cancel(
    params: F64, latent: float, levels: I64, top: I64, trim: bool, u: float, v: float, out: I64
) -> None:
    """Take away a stale quote; else, to `trim`, at the touch or near it; else something deep."""
    bid, ask = top[0], top[1]
    if ask < top[3] and latent > ask + params[P_STALE]:
        _take(out, -1, ask, levels[1, ask])
        return
    if bid >= 0 and latent < bid - params[P_STALE]:
        _take(out, 1, bid, levels[0, bid])
        return
    side = 1 if u < 0.5 else -1
    if (bid < 0 and side > 0) or (ask >= top[3] and side < 0):
        side = -side
    if trim:
        if not _trim(params, levels, top, side, out):
            col = bid if side > 0 else ask
            lots = levels[0 if side > 0 else 1, col]
            _take(out, side, col, math.ceil(lots * 0.5 * v))
        return
    _thin(params, levels, top, side, v, out)


@njit(cache=True, inline="always")
def _take(out: I64, side: int, col: int, lots: int) -> None:
    out[2] = side
    out[3] = col
    out[4] = lots


@njit(cache=True)
def _trim(params: F64, levels: I64, top: I64, side: int, out: I64) -> bool:
    """Find the largest level just behind the touch; cancel it if the touch has left it there."""
    row = 0 if side > 0 else 1
    best = top[row]
    most, where = 0, -1
    for i in range(1, int(params[P_NEAR]) + 1):
        col = best - side * i
        if col < 0 or col >= top[3]:
            break
        if levels[row, col] > most:
            most, where = levels[row, col], col
    if most <= params[P_TRIM_LOTS]:
        return False
    _take(out, side, where, most)
    return True


@njit(cache=True)
def _thin(params: F64, levels: I64, top: I64, side: int, v: float, out: I64) -> None:
    """Cancel at the first occupied level outwards from a uniform distance behind the touch.

    The larger the gap that was jumped, the smaller the part: each tick decays at about the same
    rate, so that depth is the density of what is placed times one lifetime.
    """
    row = 0 if side > 0 else 1
    grid = int(params[P_GRID])
    best = top[row]
    start = best - side * int(v * params[P_DISTANCE + DISTANCES])
    for i in range(_SCAN):
        col = start - side * i
        if col < 0 or col >= top[3]:
            break
        lots = levels[row, col]
        if lots > 0:
            part = math.ceil(lots * params[P_CANCEL_FRACTION] / (1 + i // grid))
            if lots - part < 0.1 * params[P_DEEP_LOTS]:
                part = lots
            _take(out, side, col, part)
            return
    best = max(0, min(top[3] - 1, best))
    _take(out, side, best, math.ceil(levels[row, best] * 0.1))


# -- the first book -------------------------------------------------------------------------------
@njit(cache=True)
def seed_book(params: F64, seed: int, mid_tick: int, levels: I64, top: I64) -> None:
    """Fill an empty book around `mid_tick`: a touch of one tick, depth, and sparse far levels.

    The base is chosen so that the mid lies in the middle of the span.
    """
    span = levels.shape[1]
    middle = span // 2
    levels[:, :] = 0
    top[0], top[1], top[2], top[3] = middle, middle + 1, mid_tick - middle, span
    for row in range(2):
        away = -1 if row == 0 else 1
        levels[row, middle + row] = max(1, int(params[P_TOUCH_SEED]))
        for i in range(int(params[P_SEED_ORDERS])):
            far = _distance(params, uniform(seed, draws.BOOK, i, 2 * row))
            col = middle + row + away * (1 + far)
            if 0 <= col < span:
                size = uniform(seed, draws.BOOK, i, 2 * row + 1)
                levels[row, col] += exponential_lots(params[P_DEEP_LOTS], size)
        edge = params[P_DISTANCE + DISTANCES]
        for i in range(1, _FAR_LEVELS + 1):
            col = middle + away * int(edge + (span // 2 - edge - 2.0) * i / _FAR_LEVELS)
            if 0 <= col < span:
                levels[row, col] += max(1, int(params[P_FAR_LOTS]))
