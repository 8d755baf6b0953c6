"""One market event is 32 bytes: two times, a size, a price in ticks, a kind and a side.

Every recorded market is a one-dimensional array of `EVENT`, ordered by `recv_ns` and by `exch_ns`
(both non-decreasing), so that what we knew at any time is a prefix of the array.

| kind     | side            | tick        | lots                                            |
|----------|-----------------|-------------|-------------------------------------------------|
| DEPTH    | +1 bid, -1 ask  | level       | new absolute size of the level, 0 deletes       |
| TRADE    | aggressor +1/-1 | trade price | traded size                                     |
| SNAPSHOT | +1 bid, -1 ask  | level       | size of one level of a snapshot                 |
| CLEAR    | 0               | 0           | the book is emptied: a snapshot follows         |
| GAP      | 0               | 0           | messages were lost: the book is invalid until CLEAR |

`LAST` in `flags` marks the last row of one wire message: the book is consistent (never crossed)
after it, and may not be in between.
"""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = [
    "CLEAR",
    "DEPTH",
    "EVENT",
    "GAP",
    "LAST",
    "LOTS_MAX",
    "SNAPSHOT",
    "TIME_NS_MAX",
    "TRADE",
]

EVENT: Final = np.dtype(
    [
        ("exch_ns", "i8"),
        ("recv_ns", "i8"),
        ("lots", "i8"),
        ("tick", "i4"),
        ("kind", "u1"),
        ("side", "i1"),
        ("flags", "u2"),
    ]
)
assert EVENT.itemsize == 32

DEPTH: Final = 1
TRADE: Final = 2
CLEAR: Final = 3
SNAPSHOT: Final = 4
GAP: Final = 5

LAST: Final = 1

LOTS_MAX: Final = 1 << 44  # of one row: a row group of such sizes still sums below 2^63
TIME_NS_MAX: Final = 4 * 10**18  # 2096-10-02: a later time is milliseconds taken for ns, or worse
