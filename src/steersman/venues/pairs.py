"""Run the background twice on the same random numbers, with and without taker orders of our own.

Nothing stands between the order and the flow here: no venue, no latency, no engine. What the order
does to the price is therefore the flow's doing alone, and a pair takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.domain.units import SECOND_NS
from steersman.venues.flow import (
    MARKET,
    OUT,
    START_NS,
    FlowPreset,
    Script,
    apply_event,
    flow_params,
    new_flow,
    next_event,
    next_ns,
    note_trade,
    seed_book,
    warm_up,
)

__all__ = ["Path", "evenly", "open_path"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

WARM_UP_S: Final = 60


@dataclass(frozen=True, slots=True)
class Path:
    """A market that has worked for a minute and waits at `START_NS`; `run` leaves it as it is."""

    params: F64
    seed: int
    flow_i: I64
    flow_f: F64
    levels: I64
    top: I64

    def run(self, at_ns: I64, own: I64) -> tuple[F64, int]:
        """Return the mid in ticks at each time, and the lots that others' takers wanted until then.

        `own` int64[n, 3] are rows of ns, side (+1 buys), lots, by time.
        """
        mids = np.full(at_ns.size, np.nan)
        state = (self.flow_i.copy(), self.flow_f.copy(), self.levels.copy(), self.top.copy())
        no_cash = np.zeros(1)
        volume = _run(self.params, self.seed, *state, at_ns, own, mids, no_cash, Script.empty())
        return mids, int(volume)

    def cash(self, own: I64) -> float:
        """Return what the own orders receive less what they pay, in ticks x lots, fees left out."""
        state = (self.flow_i.copy(), self.flow_f.copy(), self.levels.copy(), self.top.copy())
        at_ns = own[-1:, 0] + 1
        received = np.zeros(1)
        _run(self.params, self.seed, *state, at_ns, own, np.empty(1), received, Script.empty())
        return float(received[0])

    def plain_cash(self, own: I64) -> float:
        """Return what the same orders would receive at the mids of a market without them."""
        mids, _ = self.run(own[:, 0], own[:0])
        return float(-(mids * own[:, 1] * own[:, 2]).sum())


def open_path(preset: FlowPreset, seed: int, start_ns: int = START_NS) -> Path:
    """Return the market of a seed at `start_ns`, warmed up."""
    params = flow_params(preset)
    levels = np.zeros((2, preset.span_ticks), dtype=np.int64)
    top = np.zeros(4, dtype=np.int64)
    seed_book(params, seed, preset.mid_tick, levels, top)
    begin_ns = start_ns - WARM_UP_S * SECOND_NS
    flow_i, flow_f = new_flow(params, seed, begin_ns, preset.mid_tick)
    warm_up(params, seed, flow_i, flow_f, levels, top, start_ns)
    return Path(params, seed, flow_i, flow_f, levels, top)


def evenly(lots: int, side: int, from_ns: int, to_ns: int, every_ns: int) -> I64:
    """Return taker orders that trade `lots` evenly from `from_ns` on, the last before `to_ns`."""
    times = np.arange(from_ns, to_ns, every_ns)
    done = np.round(np.linspace(0, lots, times.size + 1)).astype(np.int64)
    parts = np.diff(done)
    rows: I64 = np.column_stack([times, np.full(times.size, side), parts])[parts > 0]
    return rows


@njit(cache=True)
def _run(
    params: F64,
    seed: int,
    flow_i: I64,
    flow_f: F64,
    levels: I64,
    top: I64,
    at_ns: I64,
    own: I64,
    mids: F64,
    received: F64,
    script: Script,
) -> int:
    event = np.zeros(OUT, dtype=np.int64)
    seen = 0
    sent = 0
    volume = 0
    while seen < at_ns.size:
        ns = next_ns(params, seed, flow_i, flow_f, script)
        while seen < at_ns.size and at_ns[seen] < ns:
            if sent < own.shape[0] and own[sent, 0] <= at_ns[seen]:
                break
            mids[seen] = top[2] + (top[0] + top[1]) / 2.0
            seen += 1
        if sent < own.shape[0] and own[sent, 0] <= ns:
            event[:] = (own[sent, 0], MARKET, own[sent, 1], 0, own[sent, 2])
            row = (1 + own[sent, 1]) // 2
            received[0] -= own[sent, 1] * _worth(levels[row], top, row, own[sent, 2])
            note_trade(params, flow_f, own[sent, 1], apply_event(levels, top, event))
            sent += 1
            continue
        if seen == at_ns.size:
            break
        next_event(params, seed, flow_i, flow_f, script, levels, top, event)
        apply_event(levels, top, event)
        if event[1] == MARKET:
            volume += event[4]
    return volume


@njit(cache=True)
def _worth(side: I64, top: I64, row: int, lots: int) -> float:
    """Return ticks x lots of the first `lots` that lie on a side of the book."""
    col, left, worth = top[row], lots, 0.0
    while left > 0 and 0 <= col < top[3]:
        x = min(left, side[col])
        worth += x * (top[2] + col)
        left -= x
        col += 2 * row - 1
    return worth
