"""What the market did, kept for measurement: every change of the touch and every trade.

Times are exchange times (UTC ns). The tape is read by transaction cost analysis only; no decision
ever sees it, since it also holds what came after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Tape"]

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tape:
    """The touch and the trades of one instrument from `start_ns` to `end_ns`.

    `touch_ns`, `bid_ticks`, `ask_ticks` (shape (n,)) hold the touch from each time on, before own
    resting orders; a missing side is 0. `trade_ns`, `trade_ticks`, `trade_lots`, `trade_side`
    (shape (m,), aggressor +1/-1) hold every trade, ours included where `trade_own` is True.
    `complete` tells whether the market ran to `end_ns` (False: the recording ended there).
    """

    start_ns: int
    end_ns: int
    touch_ns: I64
    bid_ticks: I64
    ask_ticks: I64
    trade_ns: I64
    trade_ticks: I64
    trade_lots: I64
    trade_side: npt.NDArray[np.int8]
    trade_own: npt.NDArray[np.bool_]
    complete: bool
