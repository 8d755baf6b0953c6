"""A book of price levels in integer arrays: a dense window around the touch, a hash table beyond.

Recorded levels reach from a hundredth to three times the price, so an array over all of them would
be too large to copy whenever a market branches. Near the touch, where nearly everything happens, a
level is one array element; far away it is an entry of a table. Both are exact: where a level is
kept never changes what the book says. When the best of a side comes to lie outside of the window,
the caller moves the window with `recentred`.

| array    | shape             | meaning                                                      |
|----------|-------------------|--------------------------------------------------------------|
| `levels` | int64[2, span]    | row 0 bids, row 1 asks; lots; column = tick - base           |
| `taken`  | int64[2, span]    | lots shown by the recording that we have already consumed    |
| `top`    | int64[4]          | best bid's column or -1, best ask's or span, base tick, span |
| `far`    | int64[2 + cap, 3] | rows 0-1 the header below, then (key, lots, taken)           |

`levels` holds what is really there: shown minus taken. In `far` the key is 2 tick + row (0 = free)
and `cap` is a power of two, at most half used; its header counts used entries, bids and asks, and
how many of the bids (asks) lie above (below) the window, which makes them better than all in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = [
    "FAR_ROOM",
    "SPAN",
    "best",
    "clear",
    "compiled",
    "compiled_inline",
    "compiled_maker",
    "compiled_part",
    "consume",
    "depth",
    "forget_unshown",
    "grown",
    "is_misplaced",
    "new_book",
    "new_far",
    "put",
    "recentred",
    "scan",
    "show",
    "size_at",
    "taken_at",
]

I64 = npt.NDArray[np.int64]

SPAN: Final = 1 << 15  # ticks: 5 % around BTC at a tick of 0.1, and half a megabyte to copy
FAR_ROOM: Final = 8  # entries that must be free before an event is applied
_FAR_CAP: Final = 1 << 10
_HEADER: Final = 2
_MIX: Final = -7046029254386353131  # 2^64 / golden ratio, as int64: it wraps
_UNPLACED: Final = -(1 << 61)  # base of a window that no level has placed yet


F = TypeVar("F", bound=Callable[..., Any])


# Without `_nrt` a kernel counts no references to the arrays it is given, which in calls that pass a
# whole market takes longer than all the rest; the caller holds them, and nothing new is made.
_MAKER: Final[dict[str, Any]] = {"cache": True, "no_cfunc_wrapper": True}
_KERNEL: Final[dict[str, Any]] = {**_MAKER, "_nrt": False}
_PART: Final[dict[str, Any]] = {**_KERNEL, "no_cpython_wrapper": True}


def compiled(function: F) -> F:
    """Compile a kernel, to be called from compiled code and from Python; it makes no arrays."""
    made: F = njit(**_KERNEL)(function)
    return made


def compiled_part(function: F) -> F:
    """Compile a kernel to be called from compiled code only, which takes half the time."""
    made: F = njit(**_PART)(function)
    return made


def compiled_inline(function: F) -> F:
    """Compile a kernel into each of its callers: for those called so often that a call counts."""
    made: F = njit(inline="always", **_KERNEL)(function)
    return made


def compiled_maker(function: F) -> F:
    """Compile a function that makes or returns arrays."""
    made: F = njit(**_MAKER)(function)
    return made


def new_book(span: int = SPAN) -> tuple[I64, I64, I64]:
    """Return `levels`, `taken` and `top` of an empty book whose window is not yet placed."""
    top = np.array([-1, span, _UNPLACED, span], dtype=np.int64)
    return np.zeros((2, span), np.int64), np.zeros((2, span), np.int64), top


def new_far(capacity: int = _FAR_CAP) -> I64:
    """Return an empty far table; `capacity` is a power of two."""
    return np.zeros((_HEADER + capacity, 3), np.int64)


@compiled
def clear(levels: I64, top: I64, far: I64) -> None:
    """Empty the book. What we took stays known, as negative numbers, until `forget_unshown`."""
    levels[:, :] = 0
    top[0] = -1
    top[1] = top[3]
    far[0, 1:] = 0
    far[1, 1:] = 0
    for slot in range(_HEADER, far.shape[0]):
        far[slot, 1] = 0


@compiled_part
def _slot(far: I64, key: int) -> int:
    """Return where `key` is kept, or the free entry where it would be."""
    mask = far.shape[0] - _HEADER - 1
    at = ((key * _MIX) >> 24) & mask
    while far[_HEADER + at, 0] != key and far[_HEADER + at, 0] != 0:
        at = (at + 1) & mask
    return int(_HEADER + at)


@compiled_part
def _put_far(top: I64, far: I64, row: int, tick: int, lots: int) -> None:
    key = 2 * tick + row
    slot = _slot(far, key)
    if far[slot, 0] == 0:
        if lots == 0:
            return
        far[slot, 0] = key
        far[0, 0] += 1
    inner = tick >= top[2] + top[3] if row == 0 else tick < top[2]
    change = (1 if lots > 0 else 0) - (1 if far[slot, 1] > 0 else 0)
    far[0, 1 + row] += change
    if inner:
        far[1, 1 + row] += change
    far[slot, 1] = lots


@compiled_part
def scan(levels: I64, top: I64, row: int) -> None:
    """Move the best of a side outwards to the next level that holds something."""
    col = top[row]
    step = -1 if row == 0 else 1
    while 0 <= col < top[3] and levels[row, col] == 0:
        col += step
    top[row] = col


@compiled
def put(levels: I64, top: I64, far: I64, row: int, tick: int, lots: int) -> None:
    """Let a level hold exactly `lots` and keep `top` right. `far` must have `FAR_ROOM`."""
    if top[2] == _UNPLACED:
        top[2] = tick - top[3] // 2
    col = tick - top[2]
    if col < 0 or col >= top[3]:
        _put_far(top, far, row, tick, lots)
        return
    levels[row, col] = lots
    ahead = col - top[row] if row == 0 else top[row] - col
    if ahead > 0 and lots > 0:
        top[row] = col
    elif ahead == 0 and lots == 0:
        scan(levels, top, row)


@compiled
def size_at(levels: I64, top: I64, far: I64, row: int, tick: int) -> int:
    """Return the lots that a level really holds."""
    col = tick - top[2]
    if 0 <= col < top[3]:
        return int(levels[row, col])
    if far[0, 0] == 0:
        return 0
    return int(far[_slot(far, 2 * tick + row), 1])


@compiled
def best(top: I64, far: I64, row: int) -> int:
    """Return the best tick of a side, or 0 where it is empty."""
    inside = 0 <= top[row] < top[3]
    if far[1, 1 + row] == 0 and (inside or far[0, 1 + row] == 0):
        return int(top[2] + top[row]) if inside else 0
    found = 0
    for slot in range(_HEADER, far.shape[0]):
        if far[slot, 1] > 0 and (far[slot, 0] & 1) == row:
            tick = far[slot, 0] >> 1
            if found == 0 or (tick > found) == (row == 0):
                found = tick
    return found


@compiled
def depth(levels: I64, top: I64, far: I64, row: int, last: int) -> int:
    """Return the lots of a side from its best to the tick `last`, both included."""
    step = -1 if row == 0 else 1
    col = top[row]
    end = last - top[2]
    total = 0
    while 0 <= col < top[3] and (end - col) * step >= 0:
        total += levels[row, col]
        col += step
    if far[0, 1 + row] > 0 and (far[1, 1 + row] > 0 or end < 0 or end >= top[3]):
        for slot in range(_HEADER, far.shape[0]):
            if (far[slot, 0] & 1) == row and (last - (far[slot, 0] >> 1)) * step >= 0:
                total += far[slot, 1]
    return int(total)


# -- what we took from a recorded book ------------------------------------------------------------
@compiled
def taken_at(taken: I64, top: I64, far: I64, row: int, tick: int) -> int:
    """Return the shown lots of a level that we have consumed (negative: shown before a clear)."""
    col = tick - top[2]
    if 0 <= col < top[3]:
        return int(taken[row, col])
    if far[0, 0] == 0:
        return 0
    return int(far[_slot(far, 2 * tick + row), 2])


@compiled_part
def _set_taken(taken: I64, top: I64, far: I64, row: int, tick: int, lots: int) -> None:
    col = tick - top[2]
    if 0 <= col < top[3]:
        taken[row, col] = lots
    else:
        slot = _slot(far, 2 * tick + row)
        if far[slot, 0] == 0:  # free: nothing is shown there
            return
        far[slot, 2] = lots


@compiled
def consume(levels: I64, taken: I64, top: I64, far: I64, row: int, tick: int, lots: int) -> int:
    """Take `lots` from a level for good; return 1 where it is the first time, else 0."""
    before = taken_at(taken, top, far, row, tick)
    left = size_at(levels, top, far, row, tick) - lots
    put(levels, top, far, row, tick, left)
    _set_taken(taken, top, far, row, tick, before + lots)
    return 1 if before == 0 else 0


@compiled
def show(levels: I64, taken: I64, top: I64, far: I64, row: int, tick: int, lots: int) -> int:
    """Apply a recorded size, less what we took of it; return 1 where that is now forgotten, else 0.

    What we took is never more than what is shown, and ends when the level is deleted.
    """
    before = taken_at(taken, top, far, row, tick)
    gone = min(abs(before), lots)
    put(levels, top, far, row, tick, lots - gone)
    if before != 0:
        _set_taken(taken, top, far, row, tick, gone)
    return 1 if before != 0 and gone == 0 else 0


@compiled
def forget_unshown(taken: I64, far: I64, begin: bool) -> int:
    """Mark all that was taken as not yet shown again (`begin`), or forget what was not; count it.

    Called around a snapshot, which shows once more the lots that we have taken.
    """
    held = 0
    for row in range(2):
        for col in range(taken.shape[1]):
            if begin:
                taken[row, col] = -abs(taken[row, col])
            elif taken[row, col] < 0:
                taken[row, col] = 0
            held += taken[row, col] != 0
    for slot in range(_HEADER, far.shape[0]):
        if begin:
            far[slot, 2] = -abs(far[slot, 2])
        elif far[slot, 2] < 0:
            far[slot, 2] = 0
        held += far[slot, 2] != 0
    return int(held)


# -- moving the window ----------------------------------------------------------------------------
@compiled
def is_misplaced(top: I64, far: I64) -> bool:
    """Tell whether the best of a side lies outside of the window and a move would bring it in."""
    outside = False
    for row in range(2):
        empty = top[row] < 0 or top[row] >= top[3]
        if far[1, 1 + row] > 0 or (empty and far[0, 1 + row] > 0):
            outside = True
    return outside and _base_for(top, far) != top[2]


@compiled_part
def _base_for(top: I64, far: I64) -> int:
    """Return the base that centres the touch; the present one where the touch does not fit."""
    bid, ask = best(top, far, 0), best(top, far, 1)
    if bid == 0 and ask == 0:
        return int(top[2])
    if bid > 0 and ask > 0 and abs(ask - bid) >= top[3] // 2:
        return int(top[2])
    middle = max(bid, ask) if bid == 0 or ask == 0 else (bid + ask) // 2
    return int(middle - top[3] // 2)


@compiled_maker
def grown(far: I64, least: int) -> I64:
    """Return a copy of the table without its empty entries and with room for `least` more."""
    held = 0
    for slot in range(_HEADER, far.shape[0]):
        held += far[slot, 1] != 0 or far[slot, 2] != 0
    cap = far.shape[0] - _HEADER
    while cap < 4 * (held + least):
        cap *= 2
    other = np.zeros((_HEADER + cap, 3), np.int64)
    other[0, 0] = held
    other[0, 1:] = far[0, 1:]
    other[1, 1:] = far[1, 1:]
    for slot in range(_HEADER, far.shape[0]):
        if far[slot, 1] != 0 or far[slot, 2] != 0:
            other[_slot(other, far[slot, 0])] = far[slot]
    return other


@compiled_maker
def recentred(levels: I64, taken: I64, top: I64, far: I64) -> I64:
    """Move the window so that the touch is in its middle; return the far table, perhaps a new one.

    Nothing but the place where levels are kept changes.
    """
    before, span = top[2], top[3]
    base = _base_for(top, far)
    moved = levels.copy(), taken.copy()
    far = grown(far, int(np.count_nonzero(levels)) + int(np.count_nonzero(taken)))
    levels[:, :] = 0
    taken[:, :] = 0
    top[2] = base
    far[1, 1:] = 0
    for slot in range(_HEADER, far.shape[0]):  # into the window, or counted anew
        tick, row = far[slot, 0] >> 1, far[slot, 0] & 1
        col = tick - base
        if far[slot, 0] == 0:
            continue
        if 0 <= col < span:
            levels[row, col], taken[row, col] = far[slot, 1], far[slot, 2]
            far[0, 1 + row] -= far[slot, 1] > 0
            far[slot, 1:] = 0
        elif far[slot, 1] > 0:
            far[1, 1 + row] += (tick >= base + span) if row == 0 else (tick < base)
    for row in range(2):
        for old in range(span):
            lots, gone = moved[0][row, old], moved[1][row, old]
            if lots == 0 and gone == 0:
                continue
            col = old + before - base
            if 0 <= col < span:
                levels[row, col], taken[row, col] = lots, gone
                continue
            slot = _slot(far, 2 * (old + before) + row)
            far[0, 0] += far[slot, 0] == 0
            far[slot, 0] = 2 * (old + before) + row
            _put_far(top, far, row, old + before, lots)
            far[slot, 2] = gone
    top[0], top[1] = span - 1, 0
    scan(levels, top, 0)
    scan(levels, top, 1)
    return far
